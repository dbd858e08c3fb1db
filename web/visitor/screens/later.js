/** Screens that most visits to the page do without: they are loaded when one of them is shown. */

import './enrol.js';
import './locked.js';
import './papers.js';
import './poster.js';
import './published.js';
import './settings.js';
import './visits.js';
