//! Address spaces: what is printed reads back as it was.
#![no_main]

use exchange_control::target::AddressSpace;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Some(space) = AddressSpace::parse(text) {
        assert!(!space.space.is_empty() && space.space.trim() == space.space, "{space:?}");
        assert!(!space.kind.is_empty(), "{space:?}");
        assert_eq!(AddressSpace::parse(&space.to_string()).as_ref(), Some(&space), "{space}");
    }
});
