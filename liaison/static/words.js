// The sentences our scripts say, in the reader's language; where that is not Chinese, the page carries them.
// Written for Chrome 66 (old Android WebViews), as all scripts of residents' pages are.
"use strict";

const sentences = (() => {
  const told = document.querySelector("[data-words]");
  return told ? JSON.parse(told.dataset.words) : {};
})();

/** A sentence by its Chinese key, with one value put in for each `#`. */
function say(key, ...values) {
  return (sentences[key] || key).replace(/#/g, () => values.shift());
}
