// The rooms of the house, and the scope without which there is nothing to see in each.
import { ArrowDownToLine, ChartNoAxesColumn, Inbox, KeyRound, ListChecks, Send, Webhook } from "lucide";
import { can } from "./session.js";

/** Path, name, icon, scope. */
export const ROOMS = [
  ["/", "Overview", ChartNoAxesColumn, "deliveries:read"],
  ["/deliveries", "Deliveries", Inbox, "deliveries:read"],
  ["/subscriptions", "Subscriptions", Webhook, "subscriptions:read"],
  ["/sources", "Sources", ArrowDownToLine, "sources:read"],
  ["/operations", "Operations", ListChecks, "deliveries:read"],
  ["/send", "Send an event", Send, "events:write"],
  ["/access", "Access", KeyRound, "keys:write"],
];

/** Those that the caller may enter. */
export const openRooms = () => ROOMS.filter(([, , , scope]) => can(scope));

/** The room that a page is in. */
export const roomOf = (path) => ROOMS.find(([room]) => room === `/${path.split("/")[1]}`);
