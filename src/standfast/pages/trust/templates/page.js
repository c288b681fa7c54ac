// Shows what is true by the reader's own clock. A page that nobody renews turns unproven by itself.
// An element is shown from data-valid-from until data-valid-until; a date that cannot be read hides it.
(function () {
  "use strict";
  var dated = document.querySelectorAll("[data-valid-from], [data-valid-until]");
  function moment(stamp, otherwise) {
    return stamp === null ? otherwise : Date.parse(stamp);
  }
  function compare() {
    var now = Date.now();
    dated.forEach(function (element) {
      var from = moment(element.getAttribute("data-valid-from"), -Infinity);
      var until = moment(element.getAttribute("data-valid-until"), Infinity);
      var hidden = !(now >= from && now < until);
      if (element.hidden !== hidden) element.hidden = hidden;
    });
  }
  compare();
  setInterval(compare, 30000);
  document.addEventListener("visibilitychange", compare);
  window.addEventListener("pageshow", compare);
})();
