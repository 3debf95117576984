import { render } from "preact";

import "./theme/tokens.css";
import "./theme/base.css";
import "./keyboard";
import { App } from "./app";
import { showTheme } from "./theme/chosen";

showTheme();
const place = document.getElementById("page");
if (place) render(<App />, place);
