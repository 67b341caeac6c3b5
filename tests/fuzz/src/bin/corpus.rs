//! Unpacks the inputs of a target for libFuzzer, and packs what it found: `corpus list`, `corpus unpack TARGET FOLDER`,
//! `corpus pack TARGET FOLDER`, `corpus run TARGET FILE…`.

use std::path::Path;
use std::{env, fs, io};

use signet_fuzz::{TARGETS, corpus, find};

fn main() -> io::Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let known = |name: &str| find(name).ok_or_else(|| io::Error::other(format!("no such target: {name}")));
    match args.as_slice() {
        ["list"] => TARGETS.iter().for_each(|target| println!("{}", target.name)),
        ["unpack", name, folder] => {
            let target = known(name)?;
            let inputs = (target.seeds)().into_iter().chain(corpus::kept(target));
            for (at, input) in inputs.enumerate() {
                fs::write(Path::new(folder).join(format!("{at:05}")), input)?;
            }
        }
        ["pack", name, folder] => {
            let inputs: io::Result<_> = fs::read_dir(folder)?.map(|entry| fs::read(entry?.path())).collect();
            corpus::keep(known(name)?, inputs?)?;
        }
        ["run", name, files @ ..] => {
            let target = known(name)?;
            for file in files {
                (target.run)(&fs::read(file)?);
            }
        }
        _ => {
            return Err(io::Error::other("corpus list | unpack TARGET FOLDER | pack TARGET FOLDER | run TARGET FILE…"));
        }
    }
    Ok(())
}
