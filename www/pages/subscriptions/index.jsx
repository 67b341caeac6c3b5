import "./subscriptions.css";

export { Subscriptions } from "./list.jsx";
export { NewSubscription } from "./new.jsx";
export { Subscription } from "./one.jsx";
