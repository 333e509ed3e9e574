//! Tokens, and patience with wrong ones.

use axum::body::Body;
use axum::http::{Method, Request, header};

use crate::given::{Answer, World, token};

async fn with_token(world: &World, token: &str) -> Answer {
    let request = Request::builder()
        .method(Method::GET)
        .uri("/v1/batches")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::empty());
    world.send(request.unwrap()).await
}

#[tokio::test]
async fn nobody_reads_without_a_valid_token_and_a_role() {
    let world = World::new();
    let unauthenticated = (401, "unauthenticated".to_owned());
    let answer = world.get("", "/v1/batches").await;
    assert_eq!(answer.problem(), unauthenticated);
    assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"onay\"");
    for wrong in [
        "",
        "secret",
        "onay_mehmet_00",
        "onay_stranger_00",
        token("ela").trim_start_matches("onay_"),
    ] {
        assert_eq!(with_token(&world, wrong).await.problem(), unauthenticated);
    }
    assert_eq!(
        world.get("nobody", "/v1/batches").await.problem(),
        (403, "not-allowed".to_owned())
    );
    assert_eq!(world.get("ela", "/v1/batches").await.status, 200);
}

#[tokio::test]
async fn five_wrong_tokens_lock_a_name_but_not_those_at_work() {
    let world = World::new();
    assert_eq!(world.get("zeynep", "/v1/batches").await.status, 200);
    for name in ["mehmet", "zeynep", "stranger"] {
        for _ in 0..5 {
            assert_eq!(
                with_token(&world, &format!("onay_{name}_00")).await.status,
                401
            );
        }
        let answer = with_token(&world, &format!("onay_{name}_00")).await;
        assert_eq!(answer.problem(), (429, "too-many-attempts".to_owned()));
        let seconds: u64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&seconds));
    }
    assert_eq!(with_token(&world, token("mehmet")).await.status, 429);
    assert_eq!(
        with_token(&world, token("zeynep")).await.status,
        200,
        "known before"
    );
    assert_eq!(
        with_token(&world, token("ela")).await.status,
        200,
        "another name"
    );
}
