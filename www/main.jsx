import { render } from "preact";
import { App } from "./app.jsx";
import "./style/index.css";

render(<App />, document.getElementById("app"));
