//! The shapes of a block: paths that no request can tell apart, whatever their parameters are called.
//!
//! They are in the order in which a request tries them, decided from the left: a word, then a parameter, then a rest.
//! Two shapes that fit one request have the same words where both have words, so that the order among different words
//! means nothing; it is that of the block, and shapes with the same beginning stand together.

use std::collections::HashMap;

use super::{Handler, Method};
use crate::parse::{Piece, Template};

/// The methods that serve one shape of path.
pub(crate) struct Shape<'h> {
    /// The first template of this shape, which names the parameters.
    pub template: &'h Template,
    /// The methods, in the order of the block, each with its own template.
    pub methods: Vec<(&'h Method<'h>, &'h Template)>,
}

/// A piece as far as requests see it; in the order in which it is tried.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Part {
    /// The number of the word in the block.
    Word(usize),
    Parameter,
    Rest,
}

/// The shapes of the block in the order of their arms.
pub(super) fn all<'h>(handler: &'h Handler<'h>) -> Vec<Shape<'h>> {
    let mut words = HashMap::new();
    let mut places = HashMap::new();
    let mut shapes: Vec<(Vec<Part>, Shape<'h>)> = Vec::new();
    for (method, _) in handler.routes() {
        for template in &method.paths {
            let parts: Vec<_> = template.pieces.iter().map(|piece| part(piece, &mut words)).collect();
            let place = *places.entry(parts.clone()).or_insert_with(|| {
                shapes.push((parts, Shape { template, methods: Vec::new() }));
                shapes.len() - 1
            });
            shapes[place].1.methods.push((method, template));
        }
    }
    shapes.sort_by(|(left, _), (right, _)| left.cmp(right));
    shapes.into_iter().map(|(_, shape)| shape).collect()
}

fn part<'h>(piece: &'h Piece, words: &mut HashMap<&'h str, usize>) -> Part {
    match piece {
        Piece::Word(word) => {
            let next = words.len();
            Part::Word(*words.entry(word).or_insert(next))
        }
        Piece::Parameter(_) => Part::Parameter,
        Piece::Rest(_) => Part::Rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::Arguments;
    use crate::refusals::Refusals;

    /// The rule as it is told: at each segment a word, then a parameter, then a rest, and back if nothing fits behind
    /// it.
    fn by_the_rule<'t>(templates: &[&'t Template], path: &[&str], at: usize) -> Option<&'t Template> {
        let Some(segment) = path.get(at) else {
            return templates.iter().copied().find(|template| template.pieces.len() == at);
        };
        let with = |fits: &dyn Fn(&Piece) -> bool| {
            let has = |template: &&&Template| template.pieces.get(at).is_some_and(fits);
            templates.iter().filter(has).copied().collect::<Vec<_>>()
        };
        let word = with(&|piece| matches!(piece, Piece::Word(word) if word == segment));
        let parameter = with(&|piece| matches!(piece, Piece::Parameter(_)) && !segment.is_empty());
        let rest = with(&|piece| matches!(piece, Piece::Rest(_)));
        by_the_rule(&word, path, at + 1)
            .or_else(|| by_the_rule(&parameter, path, at + 1))
            .or_else(|| rest.first().copied())
    }

    /// The condition of one arm.
    fn fits(template: &Template, path: &[&str]) -> bool {
        let ends = template.rest().is_some() || template.pieces.len() == path.len();
        ends && template.pieces.len() <= path.len()
            && template.pieces.iter().zip(path).all(|(piece, segment)| match piece {
                Piece::Word(word) => word == segment,
                Piece::Parameter(_) => !segment.is_empty(),
                Piece::Rest(_) => true,
            })
    }

    /// Numbers below a bound, the same in every run.
    struct Numbers(u32);

    impl Numbers {
        fn below(&mut self, bound: u32) -> u32 {
            self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (self.0 >> 16) % bound
        }
    }

    fn any_template(numbers: &mut Numbers) -> String {
        let depth = numbers.below(5);
        let segments = (0..depth).map(|at| match numbers.below(5) {
            0 | 1 => format!("/{{p{at}}}"),
            2 if at + 1 == depth => "/{*rest}".to_owned(),
            word => format!("/{}", ["a", "b", "c"][word as usize % 3]),
        });
        let segments = segments.collect::<String>();
        if segments.is_empty() { "/".to_owned() } else { segments }
    }

    #[test]
    fn the_first_arm_that_fits_is_the_one_that_the_rule_finds() {
        let mut numbers = Numbers(1);
        let mut served = 0;
        for _ in 0..200 {
            let templates: Vec<_> = (0..8).map(|_| any_template(&mut numbers)).collect();
            let methods = templates
                .iter()
                .enumerate()
                .map(|(number, path)| format!("#[path({path:?})] fn do_GET_w{number}(&self) -> u8 {{ 1 }}"));
            let block = format!("impl Hello {{ {} }}", methods.collect::<String>());
            let block = syn::parse_str(&block).expect("this is a block");
            let arguments = Arguments::default();
            let mut refusals = Refusals::default();
            let handler = Handler::new(&arguments, &block, &mut refusals);
            assert!(refusals.is_empty(), "{templates:?}");
            let shapes = handler.shapes();
            let all: Vec<_> = shapes.iter().map(|shape| shape.template).collect();
            for _ in 0..100 {
                let depth = numbers.below(6);
                let path: Vec<_> = (0..depth).map(|_| ["a", "b", "c", "d", ""][numbers.below(5) as usize]).collect();
                let expected = by_the_rule(&all, &path, 0).map(Template::text);
                let found = all.iter().find(|template| fits(template, &path)).map(|template| template.text());
                assert_eq!(found, expected, "{path:?} among {templates:?}");
                served += usize::from(found.is_some());
            }
        }
        assert!(served > 2000, "paths are served: {served}");
    }
}
