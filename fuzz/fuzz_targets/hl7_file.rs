//! A file of messages, cut in whatever pieces it is read.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8])| {
    let (step, bytes) = input;
    let cut = |step: usize| {
        let mut cutter = hl7::sections::Cutter::file(0, 4096);
        let mut sections = Vec::new();
        for piece in bytes.chunks(step.max(1)) {
            cutter.push(piece);
            while let Some(section) = cutter.cut() {
                sections.push(format!("{section:?}"));
            }
        }
        cutter.end();
        while let Some(section) = cutter.cut() {
            sections.push(format!("{section:?}"));
        }
        sections
    };
    assert_eq!(cut(usize::from(step)), cut(bytes.len()), "pieces change nothing");
    let _ = hl7::batch::messages(bytes).count();
});
