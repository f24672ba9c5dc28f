(function () {
  "use strict";
  var data = JSON.parse(document.getElementById("data").textContent);
  var axis = plots.axis;
  var palette = ["ffn", "q", "o", "a"].map(plots.colour);
  var marks = ["circle", "rectRot", "triangle", "rect"];
  var series = data.points.map(function (point) { return point.series; })
    .filter(function (name, i, all) { return all.indexOf(name) === i; });

  /* One line for each series. */
  function lines(x, y, more) {
    return series.map(function (name, i) {
      return Object.assign({
        label: name,
        data: data.points.filter(function (point) { return point.series === name; })
          .map(function (point) { return { x: x(point), y: y(point) }; })
          .filter(function (at) { return at.x !== null && at.y !== null; })
          .sort(function (one, two) { return one.x - two.x; }),
        borderColor: palette[i % palette.length],
        backgroundColor: palette[i % palette.length],
        pointStyle: marks[i % marks.length],
        pointRadius: 4,
        borderWidth: 2
      }, more);
    });
  }

  function level(value) {
    var levels = data.points.map(function (point) { return 100 * point.level; });
    var from = Math.min.apply(null, levels);
    var to = Math.max.apply(null, levels);
    return {
      label: data.reference.preference,
      data: [{ x: from, y: value }, { x: to, y: value }],
      borderColor: plots.colour("soft"),
      backgroundColor: plots.colour("soft"),
      borderDash: [3, 3],
      borderWidth: 1.5,
      pointRadius: 0,
      pointStyle: "line"
    };
  }

  function share(point) { return 100 * point.level; }
  function of(key) { return function (point) { return point[key]; }; }

  function draw(id, datasets, y, x) {
    plots.draw(id, {
      type: "line",
      data: { datasets: datasets },
      options: { scales: { x: x || axis("share asked for, %", { type: "linear" }), y: y } }
    });
  }

  draw("perplexity", lines(share, of("perplexity")).concat(level(data.reference.perplexity)),
    axis("perplexity", { type: "logarithmic", ticks: { maxTicksLimit: 8 } }));
  draw("kl", lines(share, of("kl")),
    axis("KL, nats", { type: "logarithmic", ticks: { maxTicksLimit: 8 } }));
  draw("top", lines(share, function (point) { return 100 * point.same_top; }), axis("same likeliest token, %"));
  draw("speed", lines(share, of("speed_ratio")).concat(
    lines(share, of("ideal_ratio"), { borderDash: [6, 4], pointRadius: 0, pointStyle: "line" }).map(function (line) {
      line.label += ", at best";
      return line;
    }), level(1)), axis("times as fast"));
  draw("trade", lines(function (point) {
    return 100 * point.weight_bytes_per_token / data.reference.weight_bytes_per_token;
  }, of("perplexity_ratio")), axis("perplexity, times that of " + data.reference.preference),
  axis("weights read for a token, %", { type: "linear", reverse: true }));
})();
