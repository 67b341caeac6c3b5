//! Signet, a webhook gateway on the edge.
#![allow(missing_docs)]
#[cfg(target_arch = "wasm32")]
mod edge {
    use wasm_bindgen::prelude::*;
    use worker::Env;

    #[wasm_bindgen]
    pub async fn fetch(_request: web_sys::Request, _env: Env, _ctx: JsValue) -> Result<web_sys::Response, JsValue> {
        web_sys::Response::new_with_opt_str(Some("{\"status\":\"ok\"}"))
    }

    macro_rules! object { ($name:ident) => {
        #[wasm_bindgen]
        pub struct $name;
        #[wasm_bindgen]
        impl $name {
            #[wasm_bindgen(constructor)]
            pub fn new(_state: JsValue, _env: Env) -> Self { Self }
            pub async fn alarm(&self) -> Result<(), JsValue> { Ok(()) }
        }
    } }
    object!(Application);
    object!(Subscription);
    object!(Delivery);
    object!(Ledger);
}
