//! What a browser does: cookies and forms.

use axum::body::Body;
use axum::http::request::Builder;
use axum::http::{Method, Request, header};

use crate::given::{Answer, World, request, token};

/// A browser that somebody signed in with.
pub(crate) struct Browser<'a> {
    world: &'a World,
    cookie: String,
}

pub(crate) fn form(path: &str, fields: &[(&str, &str)]) -> Request<Body> {
    form_of(
        Builder::new().header(header::HOST, "localhost"),
        path,
        fields,
    )
}

pub(crate) fn form_of(request: Builder, path: &str, fields: &[(&str, &str)]) -> Request<Body> {
    let escape = |text: &str| -> String {
        let bytes = text.bytes().map(|byte| format!("%{byte:02X}"));
        bytes.collect::<Vec<_>>().concat()
    };
    let pairs = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", escape(value)));
    request
        .method(Method::POST)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(pairs.collect::<Vec<_>>().join("&")))
        .unwrap()
}

pub(crate) async fn browse<'a>(world: &'a World, who: &str) -> Browser<'a> {
    let answer = world.send(form("/sign-in", &[("token", token(who))])).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, "/"),
        "{}",
        answer.text
    );
    let cookie = answer
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    Browser { world, cookie }
}

impl Browser<'_> {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        let request = request(Method::GET, path, "").header(header::COOKIE, &self.cookie);
        self.world.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) fn form(&self, path: &str, fields: &[(&str, &str)]) -> Request<Body> {
        let request = Builder::new()
            .header(header::HOST, "localhost")
            .header(header::ORIGIN, "http://localhost")
            .header(header::COOKIE, &self.cookie);
        form_of(request, path, fields)
    }

    pub(crate) async fn form_key(&self) -> String {
        let page = self.get("/").await.text;
        let (_, rest) = page.split_once("name=\"form_key\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let key = self.form_key().await;
        let fields: Vec<_> = fields
            .iter()
            .copied()
            .chain([("form_key", key.as_str())])
            .collect();
        self.world.send(self.form(path, &fields)).await
    }
}
