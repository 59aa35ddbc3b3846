//! The table for people is the table of the program.

use std::collections::BTreeSet;

use super::rules;

const README: &str = include_str!("../../README.md");

fn wanted() -> Vec<String> {
    let row = |rule: &super::Rule| {
        let (name, who, section, why) = (rule.name, rule.peers.join(", "), rule.section, rule.why);
        format!("| {name} | {who} | {} | {section} | {why} |", rule.direction.as_str())
    };
    rules().map(row).collect()
}

#[test]
fn the_readme_has_every_rule_in_its_order_and_no_other() {
    let is_row = |line: &&str| line.starts_with("| ") && !line.starts_with("| rule ");
    let found: Vec<_> = README.lines().filter(is_row).collect();
    let wanted = wanted();
    assert!(found == wanted, "the rows of README.md should be:\n{}", wanted.join("\n"));
}

#[test]
fn no_rule_explains_a_difference_between_us_and_us() {
    assert!(rules().all(|rule| !rule.peers.contains(&"engine")));
}

#[test]
fn every_rule_has_a_name_of_its_own() {
    let names: BTreeSet<_> = rules().map(|rule| rule.name).collect();
    assert_eq!(names.len(), rules().count());
}
