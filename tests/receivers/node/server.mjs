// The Node receivers of all products in one Express app. Prints its port, for the test that started it.
import express from "express";
import { clipcabinet } from "./clipcabinet.mjs";
import { playcut } from "./playcut.mjs";
import { sketchpen } from "./sketchpen.mjs";
import { standard } from "./standard.mjs";

const app = express();
playcut(app);
sketchpen(app);
clipcabinet(app);
standard(app);

const server = app.listen(0, "127.0.0.1", () => console.log(`listening on ${server.address().port}`));
// The test that started this process holds its standard input: when the test is gone, so is the receiver.
process.stdin.on("end", () => process.exit()).resume();
