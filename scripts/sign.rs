//! `npm run sign`: signs a message as a provider would, and prints what to send.

#[path = "sign/args.rs"]
mod args;
#[path = "sign/output.rs"]
mod output;

use std::io::{Read, Write};
use std::process::ExitCode;

use signet::provider::{self, Provider, SignError, Signed, Way};
use signet::signature::{Algorithm, Message, Part, split_template};

use args::{Args, Body};

fn main() -> ExitCode {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let printed =
        run(&given).and_then(|output| std::io::stdout().write_all(&output).map_err(|error| error.to_string()));
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("signet: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn run(given: &[String]) -> Result<Vec<u8>, String> {
    if given.iter().any(|arg| arg == "--help" || arg == "-h") {
        return Ok(include_bytes!("sign/help.txt").to_vec());
    }
    let args = Args::read(given)?;
    let provider = find(&args.provider)?;
    check_options(provider, &args)?;
    let body = read(&args.body)?;
    let message = Message {
        id: &args.id,
        time: args.time,
        body: &body,
        method: &args.method,
        url: args.url.as_deref().unwrap_or_default(),
    };
    let signed = sign(provider, &args, &message)?;
    output::write(&args, &message, signed)
}

fn read(body: &Body) -> Result<Vec<u8>, String> {
    let fault = |error: std::io::Error| error.to_string();
    match body {
        Body::None => Ok(Vec::new()),
        Body::Text(text) => Ok(text.clone().into_bytes()),
        Body::Input => {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes).map_err(fault)?;
            Ok(bytes)
        }
        Body::File(path) => std::fs::read(path).map_err(|error| format!("{path}: {error}")),
    }
}

fn find(name: &str) -> Result<&'static Provider, String> {
    provider::find(name).ok_or_else(|| {
        let start = name.get(..2).unwrap_or(name).to_ascii_lowercase();
        let alike =
            provider::all().iter().map(|provider| provider.name.as_str()).filter(|name| name.starts_with(&start));
        let alike: Vec<&str> = alike.take(12).collect();
        let hint = if alike.is_empty() { String::new() } else { format!(" (there is {})", alike.join(", ")) };
        format!("there is no provider {name}{hint}: all of them are in docs/providers.md")
    })
}

/// An option that nothing reads is a mistake in its name.
fn check_options(provider: &Provider, args: &Args) -> Result<(), String> {
    let mut known: Vec<&str> = provider.options.keys().map(String::as_str).chain(["header", "username"]).collect();
    for way in &provider.signatures {
        let Way::Scheme(scheme) = way else { continue };
        known.extend(split_template(&scheme.content).filter_map(|part| match part {
            Part::Placeholder(name) => name.strip_prefix("header:"),
            Part::Literal(_) => None,
        }));
    }
    match args.options.keys().find(|name| !known.iter().any(|other| other.eq_ignore_ascii_case(name))) {
        Some(name) => Err(format!("{} has no option {name}: it has {}", provider.name, known.join(", "))),
        None => Ok(()),
    }
}

/// Signs in the way that was asked for, or else in the first that the secret fits.
fn sign(provider: &Provider, args: &Args, message: &Message<'_>) -> Result<Signed, String> {
    let ways = &provider.signatures;
    let attempt = |way: &Way| way.sign(&args.secret, &args.options, message);
    let says = |error: SignError| format!("{}: {}", provider.name, error.detail());
    if let Some(number) = args.way {
        let way = number.checked_sub(1).and_then(|at| ways.get(at));
        let way = way.ok_or_else(|| format!("{} signs in {} ways, numbered from 1", provider.name, ways.len()))?;
        return attempt(way).map_err(says);
    }
    let is_ed25519 = |way: &&Way| matches!(way, Way::Scheme(scheme) if scheme.algorithm == Algorithm::Ed25519);
    // A private key says by its name what it is for. Read as any base64, it would fit an HMAC as well.
    let keyed = ways.iter().filter(is_ed25519).filter(|_| args.secret.starts_with("whsk_"));
    let mut first = None;
    for way in keyed.chain(ways) {
        match attempt(way) {
            Ok(signed) => return Ok(signed),
            Err(error) => first = first.or(Some(error)),
        }
    }
    Err(first.map_or_else(|| format!("{} signs nothing", provider.name), says))
}
