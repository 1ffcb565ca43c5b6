//! A table's file, cut in pieces and through a shipped mapping package; and a capacity file.
#![no_main]

use delimited::cutter::Cutter;
use libfuzzer_sys::fuzz_target;
use processor::mapping::Program;

fuzz_target!(|input: (u8, &[u8])| {
    let (choice, bytes) = input;
    let cut = |step: usize| {
        let mut cutter = Cutter::file(4096);
        let (mut rows, mut pieces) = (Vec::new(), bytes.chunks(step.max(1)));
        loop {
            match cutter.cut() {
                Ok(Some(row)) => rows.push(format!("{row:?}")),
                Ok(None) => match pieces.next() {
                    Some(piece) => cutter.push(piece),
                    None => break,
                },
                Err(flaw) => return (rows, Some(flaw)),
            }
        }
        cutter.end();
        loop {
            match cutter.cut() {
                Ok(Some(row)) => rows.push(format!("{row:?}")),
                Ok(None) => return (rows, None),
                Err(flaw) => return (rows, Some(flaw)),
            }
        }
    };
    assert_eq!(cut(usize::from(choice)), cut(bytes.len()), "pieces change nothing");
    let _ = connector::capacity::table::read(bytes);
    let packages = ["waiting-times", "kpp", "par", "ward-capacity"];
    let Ok(program) = Program::load(packages[usize::from(choice) % 4].as_ref()) else { return };
    fuzz::dry_run(bytes, |options| options.program = Some(program));
});
