//! Names of SQLSTATE codes, from PostgreSQL's documentation, appendix A ("PostgreSQL Error Codes").

/// The condition's name where an operator is likely to meet it, else the name of its class.
pub(crate) fn of(code: &str) -> Option<&'static str> {
    let stands = |entry: &&(&str, &str)| code.starts_with(entry.0);
    CONDITIONS.iter().chain(&CLASSES).find(stands).map(|(_, name)| *name)
}

const CONDITIONS: [(&str, &str); 27] = [
    ("08006", "connection failure"),
    ("22001", "string data right truncation"),
    ("22003", "numeric value out of range"),
    ("22021", "character not in repertoire"),
    ("22P02", "invalid text representation"),
    ("23502", "not null violation"),
    ("23503", "foreign key violation"),
    ("23505", "unique violation"),
    ("23514", "check violation"),
    ("25006", "read only sql transaction"),
    ("28000", "invalid authorization specification"),
    ("28P01", "invalid password"),
    ("3D000", "invalid catalog name: no such database"),
    ("40001", "serialization failure"),
    ("40P01", "deadlock detected"),
    ("42501", "insufficient privilege"),
    ("42703", "undefined column"),
    ("42704", "undefined object"),
    ("42883", "undefined function"),
    ("42P01", "undefined table"),
    ("53100", "disk full"),
    ("53300", "too many connections"),
    ("55P03", "lock not available"),
    ("57014", "query canceled"),
    ("57P01", "admin shutdown"),
    ("57P02", "crash shutdown"),
    ("57P03", "cannot connect now"),
];

const CLASSES: [(&str, &str); 21] = [
    ("08", "connection exception"),
    ("0A", "feature not supported"),
    ("0L", "invalid grantor"),
    ("22", "data exception"),
    ("23", "integrity constraint violation"),
    ("25", "invalid transaction state"),
    ("28", "invalid authorization specification"),
    ("2B", "dependent privilege descriptors still exist"),
    ("3D", "invalid catalog name"),
    ("3F", "invalid schema name"),
    ("40", "transaction rollback"),
    ("42", "syntax error or access rule violation"),
    ("44", "with check option violation"),
    ("53", "insufficient resources"),
    ("54", "program limit exceeded"),
    ("55", "object not in prerequisite state"),
    ("57", "operator intervention"),
    ("58", "system error"),
    ("F0", "configuration file error"),
    ("P0", "PL/pgSQL error"),
    ("XX", "internal error"),
];

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn a_code_has_its_own_name_or_that_of_its_class() {
        assert_eq!(of("23505"), Some("unique violation"));
        assert_eq!(of("23001"), Some("integrity constraint violation"));
        assert_eq!(of("ZZ000"), None);
    }
}
