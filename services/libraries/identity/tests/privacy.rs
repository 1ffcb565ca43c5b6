//! What holds an identifier or a key cannot be printed, copied or serialised. Checked when this file is compiled.

/// Fails to compile if the type implements one of the traits: the path below would then be ambiguous.
macro_rules! assert_lacks {
    ($($type:ty),+ ; $traits:tt) => { $(assert_lacks!(@one $type; $traits);)+ };
    (@one $type:ty ; [$($lacking:path),+]) => {
        const _: fn() = || {
            trait Ambiguous<A> { fn item() {} }
            impl<T: ?Sized> Ambiguous<()> for T {}
            $({
                #[allow(dead_code, reason = "it only tells the implementations apart")]
                struct Implemented;
                impl<T: ?Sized + $lacking> Ambiguous<Implemented> for T {}
            })+
            let _ = <$type as Ambiguous<_>>::item;
        };
    };
}

assert_lacks!(
    identity::Personnummer,
    identity::Samordningsnummer,
    identity::Interim,
    identity::NationalReserve,
    identity::RegionalReserve,
    identity::Identifier,
    identity::Canonical,
    identity::Subject<'static>,
    identity::Kept,
    identity::Key,
    identity::Pseudonymiser,
    identity::PartitionKey;
    [std::fmt::Debug, std::fmt::Display, Clone, Copy, serde::Serialize, AsRef<str>, AsRef<[u8]>, Into<String>, std::hash::Hash]
);

assert_lacks!(identity::Birth, identity::Claim<'static>; [std::fmt::Debug, std::fmt::Display, serde::Serialize]);

/// Memory that held an identifier is wiped: the types have a destructor.
#[test]
fn identifiers_are_wiped() {
    assert!(std::mem::needs_drop::<identity::Canonical>());
    assert!(std::mem::needs_drop::<identity::Identifier>());
    assert!(std::mem::needs_drop::<identity::Subject<'_>>());
    assert!(std::mem::needs_drop::<identity::Kept>());
    assert!(std::mem::needs_drop::<identity::Key>());
    assert!(std::mem::needs_drop::<identity::Pseudonymiser>());
}

/// The errors are closed sets without fields, so they cannot hold a value.
#[test]
fn errors_hold_no_value() {
    assert_eq!(std::mem::size_of::<identity::Refusal>(), 1);
    assert_eq!(std::mem::size_of::<identity::KeyError>(), 1);
    assert_eq!(std::mem::size_of::<identity::PseudonymError>(), 1);
}
