/* SPDX-License-Identifier: MIT */
/* Metrics: fixed arrays for the rows of the table, and the two text forms. */
#include <whynow/metrics.h>

#include <math.h>

#define VALUES_MAX 6
#define BOUNDS_MAX 12

enum type { COUNTER, GAUGE, HISTOGRAM_SHORT, HISTOGRAM_LONG };

static const struct row {
	enum type type;
	const char *family, *unit, *label, *values, *help;
} rows[] = {
#define X(name, type, family, unit, label, values, help) {type, family, unit, label, values, help},
	WN_METRICS(X)
#undef X
};

static const double short_bounds[BOUNDS_MAX] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.1,
						0.25,  1,      2.5,   5,    10,    60};
static const double long_bounds[BOUNDS_MAX] = {1,    5,     15,    60,    300,    900,
					       3600, 14400, 43200, 86400, 604800, 2592000};

static struct {
	uint64_t count[VALUES_MAX];
	uint64_t bucket[BOUNDS_MAX + 1];
	double number; /* a gauge's value, a histogram's sum */
} state[WN_METRIC_COUNT];

static unsigned values_of(const struct row *row)
{
	unsigned n = *row->values != '\0';
	for (const char *p = row->values; *p; p++)
		n += *p == ' ';
	return n ? n : 1;
}

void wn_metric_add(enum wn_metric m, unsigned which, uint64_t n)
{
	if (rows[m].type == COUNTER && which < VALUES_MAX && which < values_of(&rows[m]))
		state[m].count[which] += n;
}

void wn_metric_set(enum wn_metric m, double value)
{
	if (rows[m].type == GAUGE)
		state[m].number = value;
}

static const double *bounds_of(const struct row *row)
{
	return row->type == HISTOGRAM_SHORT ? short_bounds : long_bounds;
}

void wn_metric_observe(enum wn_metric m, double seconds)
{
	if (rows[m].type < HISTOGRAM_SHORT || isnan(seconds))
		return;
	/* A negative time is a clock's fault, not a measurement below zero. */
	seconds = seconds > 0 ? seconds : 0;
	unsigned i = 0;
	while (i < BOUNDS_MAX && seconds > bounds_of(&rows[m])[i])
		i++;
	state[m].bucket[i]++;
	state[m].number += seconds;
}

uint64_t wn_metric_get(enum wn_metric m, unsigned which)
{
	return which < VALUES_MAX ? state[m].count[which] : 0;
}

void wn_metrics_reset(void) { memset(state, 0, sizeof(state)); }

static void write_number(struct wn_buf *b, double d)
{
	if (isfinite(d))
		wn_buf_printf(b, "%.10g\n", d);
	else
		wn_buf_text(b, isnan(d) ? "NaN\n" : d > 0 ? "+Inf\n" : "-Inf\n");
}

static void write_counter(struct wn_buf *b, const struct row *row, const uint64_t *count)
{
	if (!*row->label) {
		wn_buf_printf(b, "whynow_%s_total %llu\n", row->family, (unsigned long long)count[0]);
		return;
	}
	const char *value = row->values;
	for (unsigned i = 0; i < values_of(row); i++) {
		int n = (int)strcspn(value, " ");
		wn_buf_printf(b, "whynow_%s_total{%s=\"%.*s\"} %llu\n", row->family, row->label, n, value,
			      (unsigned long long)count[i]);
		value += n + 1;
	}
}

static void write_histogram(struct wn_buf *b, const struct row *row, const uint64_t *bucket, double sum)
{
	uint64_t total = 0;
	for (unsigned i = 0; i <= BOUNDS_MAX; i++) {
		total += bucket[i];
		wn_buf_printf(b, "whynow_%s_bucket{le=\"", row->family);
		if (i == BOUNDS_MAX)
			wn_buf_text(b, "+Inf");
		else
			/* OpenMetrics wants a canonical float: 1.0, not 1. */
			wn_buf_printf(b, bounds_of(row)[i] == rint(bounds_of(row)[i]) ? "%.1f" : "%.10g",
				      bounds_of(row)[i]);
		wn_buf_printf(b, "\"} %llu\n", (unsigned long long)total);
	}
	wn_buf_printf(b, "whynow_%s_count %llu\nwhynow_%s_sum ", row->family, (unsigned long long)total,
		      row->family);
	write_number(b, sum);
}

static void write_head(struct wn_buf *b, const struct row *row, bool open)
{
	static const char *const types[] = {"counter", "gauge", "histogram", "histogram"};
	/* The older form names a counter's family with its suffix. */
	const char *suffix = row->type == COUNTER && !open ? "_total" : "";
	wn_buf_printf(b, "# HELP whynow_%s%s %s\n", row->family, suffix, row->help);
	wn_buf_printf(b, "# TYPE whynow_%s%s %s\n", row->family, suffix, types[row->type]);
	if (open && *row->unit)
		wn_buf_printf(b, "# UNIT whynow_%s %s\n", row->family, row->unit);
}

void wn_metrics_write(struct wn_buf *b, enum wn_metrics_format format)
{
	bool open = format == WN_METRICS_OPENMETRICS;
	for (unsigned m = 0; m < WN_METRIC_COUNT; m++) {
		const struct row *row = &rows[m];
		write_head(b, row, open);
		if (row->type == COUNTER) {
			write_counter(b, row, state[m].count);
		} else if (row->type == GAUGE) {
			wn_buf_printf(b, "whynow_%s ", row->family);
			write_number(b, state[m].number);
		} else {
			write_histogram(b, row, state[m].bucket, state[m].number);
		}
	}
	if (open)
		wn_buf_text(b, "# EOF\n");
}
