//! A request in pieces, so that a fault can be put where it belongs. Any bytes may stand in any piece.

/// One request.
#[derive(Clone)]
pub struct Request {
    /// In front of the request line.
    pub lead: Vec<u8>,
    pub method: Vec<u8>,
    /// Between method and target, and between target and version.
    pub gaps: [Vec<u8>; 2],
    pub target: Vec<u8>,
    pub version: Vec<u8>,
    /// Behind the version.
    pub line_end: Vec<u8>,
    pub fields: Vec<Field>,
    /// The empty line behind the fields.
    pub head_end: Vec<u8>,
    pub body: Body,
}

/// One field line, of a head or a trailer section.
#[derive(Clone)]
pub struct Field {
    pub name: Vec<u8>,
    /// Colon and blanks.
    pub colon: Vec<u8>,
    pub value: Vec<u8>,
    pub end: Vec<u8>,
}

impl Field {
    /// A plain one.
    pub fn new(name: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), colon: b": ".into(), value: value.into(), end: b"\r\n".into() }
    }
}

/// The bytes behind the head.
#[derive(Clone)]
pub enum Body {
    Plain(Vec<u8>),
    /// With the last chunk, which has no content.
    Chunked(Vec<Chunk>, Trailers),
}

/// One chunk.
#[derive(Clone)]
pub struct Chunk {
    pub size: Vec<u8>,
    pub extension: Vec<u8>,
    pub size_end: Vec<u8>,
    pub content: Vec<u8>,
    /// Behind the content; nothing at the last chunk.
    pub end: Vec<u8>,
}

/// The bytes behind the last chunk.
#[derive(Clone)]
pub struct Trailers {
    pub fields: Vec<Field>,
    pub end: Vec<u8>,
}

impl Request {
    /// The request as sent.
    pub fn bytes(&self) -> Vec<u8> {
        let [first, second] = &self.gaps;
        let line = [&self.lead, &self.method, first, &self.target, second, &self.version, &self.line_end];
        let mut pieces = line.to_vec();
        pieces.extend(self.fields.iter().flat_map(Field::pieces));
        pieces.push(&self.head_end);
        match &self.body {
            Body::Plain(content) => pieces.push(content),
            Body::Chunked(chunks, trailers) => {
                pieces.extend(chunks.iter().flat_map(Chunk::pieces));
                pieces.extend(trailers.fields.iter().flat_map(Field::pieces));
                pieces.push(&trailers.end);
            }
        }
        pieces.into_iter().flatten().copied().collect()
    }

    /// The first field of this name.
    pub fn field(&mut self, name: &str) -> Option<&mut Field> {
        self.fields.iter_mut().find(|field| field.name.eq_ignore_ascii_case(name.as_bytes()))
    }
}

impl Field {
    fn pieces(&self) -> [&Vec<u8>; 4] {
        [&self.name, &self.colon, &self.value, &self.end]
    }
}

impl Chunk {
    fn pieces(&self) -> [&Vec<u8>; 5] {
        [&self.size, &self.extension, &self.size_end, &self.content, &self.end]
    }
}
