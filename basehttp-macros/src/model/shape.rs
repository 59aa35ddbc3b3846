//! The shapes of a block: paths that no request can tell apart, whatever their parameters are called.
//!
//! They are in the order in which a request tries them, decided from the left: a word, then a parameter, then a rest. Two
//! shapes that fit one request have the same words where both have words, so that the order among different words means
//! nothing; it is that of the block, and shapes with the same beginning stand together.

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
