//! Who is calling.

use serde::Deserialize;

use super::{Answer, Call, management};
use crate::access::{Me, Named};
use crate::problem::Problem;

/// `GET /v1/me`
pub async fn get(call: Call) -> Result<Answer, Problem> {
    #[derive(Deserialize)]
    struct Application {
        id: String,
        name: String,
        profile: String,
    }
    let said = call.gateway.ask(&["/GET/applications/", &call.gateway.application].concat()).await?;
    if said.status != 200 {
        return management::said(said);
    }
    let application: Application = serde_json::from_str(&said.text)
        .map_err(|_| Problem::unavailable("The application did not answer. Try again."))?;
    let Application { id, name, profile } = &application;
    let named = Named { id, name, profile };
    Ok(Answer::json(200, crate::body::written(&Me::new(&call.caller, named))?))
}
