//! One person, one pseudonym within a permit; everything else differs or is refused.

mod point;
mod pseudonym;
mod reference;
