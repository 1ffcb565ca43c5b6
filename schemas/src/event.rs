//! A common event, whatever its subject: as one of all records, and as a type that is known only when the program runs.

use crate::Described;
use crate::kind::{Subject, subjects};

/// The record of a common subject. Everything that is done with events of any subject is done through this.
pub trait Common<'a>: Described<'a> {
    /// Itself, for who looks for one subject.
    fn event(&self) -> Event<'_, 'a>;
}

/// What is done with an event whose subject is known only when the program runs: [`Subject::visit`] says which type it has.
pub trait Visitor<'a>: Sized {
    /// What comes of it.
    type Output;

    /// Does it with the subject's record type.
    fn visit<E: Common<'a>>(self) -> Self::Output;
}

/// Makes of the list of subjects what has a record in it.
macro_rules! events {
    (
        wards { $($(#[$ward_doc:meta])* $ward:ident = $ward_number:literal { $($ward_rest:tt)* })* }
        statements { $($(#[$doc:meta])* $statement:ident = $number:literal { $($rest:tt)* })* }
    ) => {
        /// A common event, by its subject. Who looks for one subject matches its variant.
        #[derive(Debug, Clone, Copy)]
        pub enum Event<'e, 'a> {
            $($(#[$ward_doc])* $ward(&'e crate::$ward<'a>),)*
            /// What a source states of a contact; it moves nothing on the wards.
            Statement(Statement<'e, 'a>),
        }

        /// A statement of a contact, by its subject.
        #[derive(Debug, Clone, Copy)]
        pub enum Statement<'e, 'a> {
            $($(#[$doc])* $statement(&'e crate::$statement<'a>),)*
        }

        impl Subject {
            /// Has the visitor do its work with the subject's record type.
            pub fn visit<'a, V: Visitor<'a>>(self, visitor: V) -> V::Output {
                match self {
                    $(Self::$ward => visitor.visit::<crate::$ward<'a>>(),)*
                    $(Self::$statement => visitor.visit::<crate::$statement<'a>>(),)*
                }
            }
        }

        $(impl<'a> Common<'a> for crate::$ward<'a> {
            fn event(&self) -> Event<'_, 'a> {
                Event::$ward(self)
            }
        })*

        $(impl<'a> Common<'a> for crate::$statement<'a> {
            fn event(&self) -> Event<'_, 'a> {
                Event::Statement(Statement::$statement(self))
            }
        })*
    };
}

subjects!(events);
