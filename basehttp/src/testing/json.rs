//! JSON in the requests and responses of tests (feature `json`).

use serde::{Deserialize, Serialize};

use super::received::ReceivedRequest;
use super::request::Request;
use super::response::Response;

impl Request {
    /// Sets the body to a value as JSON, and the `Content-Type` that goes with it. Needs the feature `json`.
    ///
    /// # Panics
    /// If the value has no JSON, for instance a map whose keys are not texts.
    ///
    /// ```
    /// let request = basehttp::testing::post("/users").json(&["Ada", "Grace"]);
    /// assert!(request.to_bytes().ends_with(b"\r\nContent-Length: 15\r\n\r\n[\"Ada\",\"Grace\"]"));
    /// ```
    #[track_caller]
    pub fn json(self, value: &(impl Serialize + ?Sized)) -> Self {
        let body = serde_json::to_vec(value).unwrap_or_else(|error| panic!("the value has no JSON: {error}"));
        self.header("Content-Type", "application/json").body(body)
    }
}

impl Response {
    /// Reads the body as JSON. Needs the feature `json`.
    ///
    /// # Panics
    /// If it is not JSON, or does not fit the type. The message shows the response.
    ///
    /// ```
    /// # use basehttp::{Exchange, http_handler, testing};
    /// # struct Users;
    /// # #[http_handler] impl Users {
    /// fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> {
    ///     ex.send_json(200, &["Ada", "Grace"])
    /// }
    /// # }
    /// assert_eq!(testing::get("/users").send(&Users).json::<Vec<String>>(), ["Ada", "Grace"]);
    /// ```
    #[track_caller]
    pub fn json<'r, T: Deserialize<'r>>(&'r self) -> T {
        serde_json::from_slice(self.body()).unwrap_or_else(|error| panic!("{error}, and this came:\n{self:?}"))
    }
}

impl ReceivedRequest {
    /// Reads the body as JSON. Needs the feature `json`.
    ///
    /// # Panics
    /// If it is not JSON, or does not fit the type. The message shows the request.
    #[track_caller]
    pub fn json<'r, T: Deserialize<'r>>(&'r self) -> T {
        serde_json::from_slice(self.body()).unwrap_or_else(|error| panic!("{error}, and this came:\n{self:?}"))
    }
}
