//! Names of columns.

/// Lower case, å ä ö as a a o, and only letters and digits: how names of columns are compared.
pub fn folded(name: &str) -> String {
    name.chars()
        .flat_map(char::to_lowercase)
        .filter_map(|letter| match letter {
            'å' | 'ä' => Some('a'),
            'ö' => Some('o'),
            letter => letter.is_ascii_alphanumeric().then_some(letter),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::folded;

    #[test]
    fn spellings_of_one_name_are_one() {
        for name in ["Giltig från och med", "GILTIG_FRÅN_OCH_MED", "giltig-fran och.med"] {
            assert_eq!(folded(name), "giltigfranochmed", "{name}");
        }
        assert_eq!(folded("Ålder (år) 2"), "alderar2");
        assert_eq!(folded(" _-. "), "");
    }
}
