//! A page's living part as a tree of elements with stable ids, and what of it changed since a client last looked.
//!
//! Comparing trees of small strings keeps the rendering pure and the messages short: only rows that differ are sent,
//! and a table whose set of rows changed is sent whole.

use std::collections::HashMap;
use std::fmt::Write as _;

/// An element: markup around children, or a leaf that is only markup.
#[derive(Debug, Clone, Default)]
pub struct Node {
    pub id: String,
    /// Markup before the children; of a leaf, all of it.
    pub open: String,
    pub children: Vec<Node>,
    /// Markup after the children.
    pub close: &'static str,
    /// The last version in which the element's own markup or set of children changed.
    pub version: u64,
}

impl Node {
    /// An element without living parts inside.
    pub fn leaf(id: impl Into<String>, markup: String) -> Self {
        Self { id: id.into(), open: markup, ..Self::default() }
    }

    pub fn around(id: impl Into<String>, open: String, children: Vec<Node>, close: &'static str) -> Self {
        Self { id: id.into(), open, children, close, version: 0 }
    }

    /// The markup of the element and everything inside.
    pub fn markup(&self) -> String {
        let mut markup = String::new();
        self.write(&mut markup);
        markup
    }

    fn write(&self, markup: &mut String) {
        markup.push_str(&self.open);
        for child in &self.children {
            child.write(markup);
        }
        markup.push_str(self.close);
    }

    /// Takes over the versions of what is as it was in `old`; what differs gets `version`. True when anything differs.
    ///
    /// Children in another order count as they were: rows do not jump under a reader, see `ordning` on the board.
    pub fn compare(&mut self, old: &Node, version: u64) -> bool {
        let same_shell = self.id == old.id
            && self.open == old.open
            && self.close == old.close
            && self.children.len() == old.children.len();
        let known: HashMap<&str, &Node> = old.children.iter().map(|child| (child.id.as_str(), child)).collect();
        let same_children = self.children.iter().all(|child| known.contains_key(child.id.as_str()));
        if !same_shell || !same_children {
            self.version = version;
            return true;
        }
        self.version = old.version;
        let mut changed = false;
        for child in &mut self.children {
            changed |= child.compare(known[child.id.as_str()], version);
        }
        changed
    }

    /// The outermost elements that changed after `version`.
    pub fn changed_since(&self, version: u64) -> Vec<&Node> {
        let mut found = Vec::new();
        self.collect(version, &mut found);
        found
    }

    fn collect<'a>(&'a self, version: u64, found: &mut Vec<&'a Node>) {
        if self.version > version {
            found.push(self);
        } else {
            for child in &self.children {
                child.collect(version, found);
            }
        }
    }

    /// The element as a part of a message: replaced in place, keeping focus and whatever did not change.
    pub fn write_partial(&self, message: &mut String) {
        let _ = write!(message, "<hx-partial hx-target=\"#{}\" hx-swap=\"outerMorph\">", self.id);
        self.write(message);
        message.push_str("</hx-partial>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[(&str, &str)]) -> Node {
        let rows = rows.iter().map(|(id, text)| Node::leaf(*id, format!("<tr id={id}>{text}</tr>"))).collect();
        Node::around("t", "<table>".into(), rows, "</table>")
    }

    fn changed(old: &Node, new: &mut Node) -> Vec<String> {
        new.compare(old, 7);
        new.changed_since(6).iter().map(|node| node.id.clone()).collect()
    }

    #[test]
    fn only_rows_that_differ_are_sent() {
        let old = table(&[("a", "1"), ("b", "1")]);
        assert_eq!(changed(&old, &mut table(&[("a", "1"), ("b", "2")])), ["b"]);
        assert!(changed(&old, &mut table(&[("a", "1"), ("b", "1")])).is_empty());
    }

    #[test]
    fn another_set_of_rows_sends_the_table() {
        let old = table(&[("a", "1"), ("b", "1")]);
        assert_eq!(changed(&old, &mut table(&[("a", "1"), ("b", "1"), ("c", "1")])), ["t"]);
        assert_eq!(changed(&old, &mut table(&[("a", "1")])), ["t"]);
    }

    #[test]
    fn rows_in_another_order_do_not_jump() {
        let old = table(&[("a", "1"), ("b", "1")]);
        assert_eq!(changed(&old, &mut table(&[("b", "1"), ("a", "2")])), ["a"]);
    }

    #[test]
    fn a_client_that_missed_versions_gets_all_of_them_at_once() {
        let first = table(&[("a", "1"), ("b", "1")]);
        let mut second = table(&[("a", "2"), ("b", "1")]);
        second.compare(&first, 1);
        let mut third = table(&[("a", "2"), ("b", "2")]);
        third.compare(&second, 2);
        let ids = |since| third.changed_since(since).iter().map(|node| node.id.as_str()).collect::<Vec<_>>();
        assert_eq!((ids(0), ids(1), ids(2)), (vec!["a", "b"], vec!["b"], vec![]));
    }
}
