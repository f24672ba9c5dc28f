(function () {
  "use strict";
  var data = JSON.parse(document.getElementById("data").textContent);
  var colour = plots.colour;
  var axis = plots.axis;
  var draw = plots.draw;

  function percent(value) { return value === null ? null : 100 * value; }

  ["a", "b"].forEach(function (side) {
    var layers = data[side].sparsity;
    function bars(label, key, name) {
      return {
        label: label,
        data: layers.map(function (layer) { return percent(layer[key]); }),
        backgroundColor: colour(name)
      };
    }
    draw("sparsity-" + side, {
      type: "bar",
      data: {
        labels: layers.map(function (layer) { return layer.layer; }),
        datasets: [
          bars("feed-forward", "feed_forward", "ffn"), bars("Q inputs", "query", "q"), bars("O inputs", "output", "o")
        ]
      },
      options: { scales: { x: axis("layer"), y: axis("left out, %", { min: 0, max: 100 }) } }
    });
  });

  // A logarithmic axis has no zero: what is smaller is drawn on the lowest line.
  var positive = data.kl.positions.filter(function (kl) { return kl > 0; });
  var least = Math.pow(10, Math.floor(Math.log10(Math.max(1e-6, Math.min.apply(null, positive.concat(1))))));
  var most = Math.pow(10, Math.ceil(Math.log10(Math.max(10 * least, Math.max.apply(null, positive.concat(least))))));
  draw("kl", {
    type: "scatter",
    data: {
      datasets: [
        {
          label: "one position",
          data: data.kl.positions.map(function (kl, i) { return { x: i, y: Math.max(least, kl === null ? least : kl) }; }),
          pointRadius: 1.8,
          backgroundColor: colour("b"),
          pointBorderWidth: 0
        },
        {
          label: "mean",
          type: "line",
          order: -1,
          data: data.kl.mean === null || data.kl.mean < least ? [] : [
            { x: 0, y: data.kl.mean }, { x: data.kl.positions.length - 1, y: data.kl.mean }
          ],
          borderColor: colour("q"),
          backgroundColor: colour("q"),
          borderWidth: 2,
          pointRadius: 0
        }
      ]
    },
    options: {
      scales: {
        x: axis("scored position", { min: 0, max: Math.max(1, data.kl.positions.length - 1) }),
        y: axis("KL, nats", {
          type: "logarithmic",
          min: least,
          max: most,
          ticks: { callback: function (value) { return Number.isInteger(Math.log10(value)) ? value : ""; } }
        })
      }
    }
  });

  function rounds(side, name) {
    return {
      label: data[side].preference,
      data: data[side].tokens_per_second_rounds,
      borderColor: colour(name),
      backgroundColor: colour(name),
      pointRadius: 4,
      borderWidth: 2
    };
  }
  draw("speed", {
    type: "line",
    data: {
      labels: data.a.tokens_per_second_rounds.map(function (ignored, i) { return i + 1; }),
      datasets: [rounds("a", "a"), rounds("b", "b")]
    },
    options: { scales: { x: axis("round"), y: axis("tokens per second", { beginAtZero: true }) } }
  });
})();
