#[http_handler(pace = "inline")]
impl<'c, S: Store, const N: usize> Files<'c, S, N>
where
    S::Error: Error,
{
    const LIMIT: usize = N;

    #[pace("pool")]
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        self.serve(ex)
    }

    #[cfg(feature = "head")]
    fn do_HEAD(&self, ex: &mut Exchange) -> Result {
        self.serve(ex)
    }

    #[cfg(unix)]
    #[pace("auto")]
    #[cfg(feature = "locks")]
    fn do_LOCK(&self, ex: &mut Exchange) {
        self.lock(ex);
    }

    #[cfg(feature = "quiet")]
    fn log_request(&self, _ex: &Exchange, _code: u16, _size: Option<u64>) {}

    fn serve(&self, ex: &mut Exchange) -> Result {
        ex.send_bytes(200, "text/plain", self.store.read(ex.path, Self::LIMIT)?)
    }
}
