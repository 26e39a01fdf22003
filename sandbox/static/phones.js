// Fetches the page anew every few seconds and puts in what has changed, so that scrolling and reading are not disturbed.
(function () {
  var EVERY = 4000;
  function look() {
    fetch(location.href).then(function (answer) { return answer.text(); }).then(function (text) {
      var fresh = new DOMParser().parseFromString(text, "text/html").querySelector("main");
      var shown = document.querySelector("main");
      if (!fresh || fresh.innerHTML === shown.innerHTML) return;
      var list = shown.querySelector(".phone ol"), scrolled = list ? list.scrollTop : 0;
      var held = shown.contains(document.activeElement) && document.activeElement.getAttribute("href");
      shown.innerHTML = fresh.innerHTML;
      if (list) shown.querySelector(".phone ol").scrollTop = scrolled;
      [].forEach.call(held ? shown.querySelectorAll("a") : [], function (link) {
        if (link.getAttribute("href") === held) link.focus({ preventScroll: true });
      });
    }).catch(function () { /* the sandbox is away; it comes back */ }).then(function () { setTimeout(look, EVERY); });
  }
  setTimeout(look, EVERY);
})();
