// First, so that its layers come in their order.
import "./style/index.css";

import { render } from "preact";
import { App } from "./app.jsx";

render(<App />, document.getElementById("app"));
