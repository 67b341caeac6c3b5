//! What fuzzing begins with and what it has found so far, through the same functions.

use signet_fuzz::{TARGETS, corpus};

#[test]
fn every_input_is_taken() {
    for target in TARGETS {
        let inputs: Vec<Vec<u8>> = (target.seeds)().into_iter().chain(corpus::kept(target)).collect();
        assert!(inputs.len() > 20, "{}: only {} inputs", target.name, inputs.len());
        for input in inputs {
            if let Err(panic) = std::panic::catch_unwind(|| (target.run)(&input)) {
                eprintln!("{}: {}", target.name, input.escape_ascii());
                std::panic::resume_unwind(panic);
            }
        }
    }
}
