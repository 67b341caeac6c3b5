// Sources: who sends webhooks to us, what proves that it is them, and where it goes then.
import "./sources.css";

export { NewSource } from "./create.jsx";
export { Sources } from "./list.jsx";
export { Source } from "./source.jsx";
