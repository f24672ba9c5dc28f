var plots = (function () {
  "use strict";
  var style = getComputedStyle(document.documentElement);
  function colour(name) { return style.getPropertyValue("--" + name).trim(); }

  Chart.defaults.color = colour("soft");
  Chart.defaults.borderColor = colour("line");
  Chart.defaults.font.family = 'system-ui, "Segoe UI", Roboto, sans-serif';
  Chart.defaults.animation = false;
  Chart.defaults.maintainAspectRatio = false;
  Chart.defaults.plugins.legend.labels.usePointStyle = true;

  return {
    colour: colour,
    axis: function (title, more) {
      return Object.assign({ title: { display: true, text: title } }, more);
    },
    draw: function (id, configuration) {
      var canvas = document.getElementById(id);
      if (canvas) { new Chart(canvas, configuration); }
    }
  };
})();
