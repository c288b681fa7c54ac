// Shows what is true by the reader's own clock. A page that nobody renews turns unproven by itself.
// An element is shown from data-valid-from until data-valid-until; a date that cannot be read hides it.
// A claim that expires is given a twin, made of the template, which is shown from then on.
(function () {
  "use strict";
  var expired = document.getElementById("expired");
  document.querySelectorAll("[data-claim][data-valid-until]").forEach(function (claim) {
    var twin = expired.content.firstElementChild.cloneNode(true);
    var until = claim.querySelector("time");
    twin.setAttribute("data-valid-from", claim.getAttribute("data-valid-until"));
    twin.querySelector("span").textContent = claim.querySelector(".line").textContent.toLowerCase();
    twin.querySelector("time").replaceWith(until.cloneNode(true));
    claim.after(twin);
  });
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
