/* SPDX-License-Identifier: MIT */
/*
 * Decayed counts to expected rates, and rates to the instant of the next request. See rhythm.h.
 *
 * Every level leans on the one above as far as its own counts are few (gamma-Poisson): all hours, hour of the day and day of the week, hour of
 * the week; then what the last days brought against what was expected. Nothing ever reads as zero, so no feed is given up.
 */
#include <whynow/rhythm.h>

#include <math.h>

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define HALF_LIFE (28 * DAY)
#define LATELY (3 * DAY)

/* Strength of what is presumed, in items (of the levels: in batches), against what was counted. */
static const double presumed_items = 0.5, presumed_hours = 24; /* a new feed brings half an item a day */
static const double day_hour = 2, week_day = 2, week_hour = 1, minutes = 8, lately = 3;
static const double neighbour = 0.3; /* of an hour's count, for the hours beside it */
static const double soon_items = 0.15; /* due: a server's word is weighed against it */
enum { UNIT = 32 }; /* one item at the epoch */

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}
/* 1970-01-01 was a Thursday. */
static int hour_of_week(int64_t us)
{
	return (int)(((floor_div(us, HOUR) + 72) % WN_RHYTHM_HOURS + WN_RHYTHM_HOURS) % WN_RHYTHM_HOURS);
}
static int minute_of_hour(int64_t us)
{
	return (int)(floor_div(us, MINUTE) - 60 * floor_div(us, HOUR));
}

static double weight_at(const struct wn_rhythm *r, int64_t us)
{
	return UNIT * exp2((double)(us - r->epoch_us) / (double)HALF_LIFE);
}

/* --- expecting ---
 * Every poll asks for all hours anew. So what is done for each of them is done in loops of a fixed length without a branch or an order in
 * them, which compilers turn into a few instructions for many hours. */

struct estimate {
	double hour[WN_RHYTHM_HOURS]; /* items a second */
	double minute[WN_RHYTHM_MINUTES]; /* times the hour's rate; 1 in the mean */
	double week;                  /* items a week */
	double batch;
	double lately;
};

static inline double sum(const double *v, size_t n) /* a multiple of four */
{
	double part[4] = {0};

	for (size_t i = 0; i < n; i += 4)
		for (size_t k = 0; k < 4; k++)
			part[k] += v[i + k];
	return part[0] + part[1] + part[2] + part[3];
}

/* What the last 168 whole hours weigh, the oldest first, if the newest ends now. */
static const double *weights_of_hours(void)
{
	static _Thread_local double weight[WN_RHYTHM_HOURS];

	for (int i = 0; weight[0] == 0 && i < WN_RHYTHM_HOURS; i++) /* the oldest last: it says that all are there */
		weight[WN_RHYTHM_HOURS - 1 - i] = exp2(-(double)i * (double)HOUR / (double)HALF_LIFE);
	return weight;
}

/* Of each of 168 hours, the oldest first, as much as is within the last `hours`. */
static void within(double hours, double share[WN_RHYTHM_HOURS])
{
	static const double none_then_all[2 * WN_RHYTHM_HOURS] = {[WN_RHYTHM_HOURS ... 2 * WN_RHYTHM_HOURS - 1] = 1};
	int whole = (int)hours; /* below 168 */

	memcpy(share, none_then_all + whole, WN_RHYTHM_HOURS * sizeof(*share));
	share[WN_RHYTHM_HOURS - 1 - whole] = hours - whole;
}

/* Decayed hours for which each hour of the week was watched: what of this one, and the 168 before it, each with the same hour of all
 * weeks before. Watching began some whole weeks and what is left of one more before this hour. */
static void watched(const struct wn_rhythm *r, int64_t now_us, double hours[WN_RHYTHM_HOURS])
{
	const double *weight = weights_of_hours(), per_hour = (double)HOUR / (double)HALF_LIFE;
	double age = fmax(0.0, (double)(now_us - r->since_us) / (double)HOUR), into = (double)(now_us - floor_div(now_us, HOUR) * HOUR) / (double)HOUR;
	double before = fmax(0.0, age - into), weeks = floor(before / WN_RHYTHM_HOURS);
	double oldest = exp2(-weeks * WN_RHYTHM_HOURS * per_hour), whole = (1 - oldest) / (1 - exp2(-WN_RHYTHM_HOURS * per_hour));
	double now = exp2(-into * per_hour), share[WN_RHYTHM_HOURS] WN_UNINITIALIZED, by_age[WN_RHYTHM_HOURS] WN_UNINITIALIZED;
	size_t h = (size_t)hour_of_week(now_us);

	within(before - weeks * WN_RHYTHM_HOURS, share);
	whole *= now;
	oldest *= now;
	for (size_t i = 0; i < WN_RHYTHM_HOURS; i++)
		by_age[i] = weight[i] * (whole + oldest * share[i]);
	memcpy(hours + h, by_age, (WN_RHYTHM_HOURS - h) * sizeof(*hours));
	memcpy(hours, by_age + WN_RHYTHM_HOURS - h, h * sizeof(*hours));
	hours[h] += fmin(into, age);
}

static inline double lean(double count, double exposure, double strength, double prior)
{
	return (strength + count) * prior / (strength + exposure * prior);
}

static double lately_of(const struct wn_rhythm *r, const struct estimate *e)
{
	return (r->came + lately * e->batch) / (r->due + lately * e->batch);
}

/* Of each day of the week and hour of the day: what was counted, and for how long it was watched. */
struct margins {
	double week_n[7], week_e[7];
	double day_n[1 + 24 + 1], day_e[1 + 24 + 1]; /* between midnights: that of the day before, that of the day after */
};

static void add_up(const double *count, const double *seen, struct margins *m)
{
	*m = (struct margins){0};
	for (int d = 0; d < 7; d++, count += 24, seen += 24) {
		for (int i = 0; i < 24; i++) {
			m->day_n[1 + i] += count[i];
			m->day_e[1 + i] += seen[i];
		}
		m->week_n[d] = sum(count, 24);
		m->week_e[d] = sum(seen, 24);
	}
	m->day_n[0] = m->day_n[24], m->day_n[25] = m->day_n[1];
	m->day_e[0] = m->day_e[24], m->day_e[25] = m->day_e[1];
}

static void weigh_hours(const struct wn_rhythm *r, int64_t now_us, struct estimate *e)
{
	double count[WN_RHYTHM_HOURS] WN_UNINITIALIZED, seen[WN_RHYTHM_HOURS] WN_UNINITIALIZED, hour[WN_RHYTHM_HOURS] WN_UNINITIALIZED;
	double unit = 1.0 / weight_at(r, now_us), by_day[24] WN_UNINITIALIZED, n = 0, all = 0;
	struct margins m;

	for (int h = 0; h < WN_RHYTHM_HOURS; h++)
		count[h] = (int)r->hours[h] * unit;
	watched(r, now_us, seen);
	add_up(count, seen, &m);
	for (int d = 0; d < 7; d++)
		n += m.week_n[d], all += m.week_e[d];
	e->batch = fmax(1.0, (n + 1.0) / (r->batches * unit + 1.0));
	double rate = lean(n, all, presumed_items, presumed_items / presumed_hours);
	double near = neighbour, strength = e->batch, *day_n = m.day_n + 1, *day_e = m.day_e + 1;
	for (int h = 0; h < 24; h++)
		by_day[h] = lean(day_n[h] + near * (day_n[h - 1] + day_n[h + 1]), day_e[h] + near * (day_e[h - 1] + day_e[h + 1]), day_hour * strength, rate);
	for (int d = 0, h = 0; d < 7; d++, h += 24) {
		double day = lean(m.week_n[d], m.week_e[d], week_day * strength, rate) / rate;
		for (int i = 0; i < 24; i++)
			hour[h + i] = lean(count[h + i], seen[h + i], week_hour * strength, by_day[i] * day) * (1 / 3600.0);
	}
	memcpy(e->hour, hour, sizeof(hour));
	e->week = sum(hour, WN_RHYTHM_HOURS) * 3600;
}

/* A poll that brought nothing asks twice for the same: once to learn and once to plan. */
static void hours_of(const struct wn_rhythm *r, int64_t now_us, struct estimate *e)
{
	static _Thread_local struct {
		struct wn_rhythm of;
		int64_t now_us;
		struct estimate e; /* but for the minutes */
	} last = {.now_us = INT64_MIN};

	if (last.now_us != now_us || last.of.since_us != r->since_us || last.of.epoch_us != r->epoch_us || last.of.batches != r->batches ||
	    memcmp(last.of.hours, r->hours, sizeof(r->hours))) {
		weigh_hours(r, now_us, &last.e);
		last.of = *r;
		last.now_us = now_us;
	}
	e->batch = last.e.batch;
	e->week = last.e.week;
	memcpy(e->hour, last.e.hour, sizeof(e->hour));
}

static void minutes_of(const struct wn_rhythm *r, int64_t now_us, struct estimate *e)
{
	double unit = 1.0 / weight_at(r, now_us), count[WN_RHYTHM_MINUTES] WN_UNINITIALIZED;

	for (int m = 0; m < WN_RHYTHM_MINUTES; m++)
		count[m] = (int)r->minutes[m];
	double scale = 60 / (sum(count, WN_RHYTHM_MINUTES) * unit + minutes), even = minutes / 60 * scale;
	unit *= scale;
	for (int m = 0; m < WN_RHYTHM_MINUTES; m++)
		count[m] = count[m] * unit + even;
	memcpy(e->minute, count, sizeof(count));
}

static void estimate(const struct wn_rhythm *r, int64_t now_us, struct estimate *e)
{
	hours_of(r, now_us, e);
	minutes_of(r, now_us, e);
	e->lately = lately_of(r, e);
}

bool wn_rhythm_is_awake(const struct wn_rhythm *r, int hour)
{
	for (int d = 0; d < 7; d++)
		if (r->hours[d * 24 + hour])
			return true;
	return false;
}

/* --- learning --- */

static void add(uint16_t *count, double w)
{
	double v = *count + w + 0.5;

	*count = v > UINT16_MAX ? UINT16_MAX : (uint16_t)v;
}

static void rebase(struct wn_rhythm *r, int64_t now_us)
{
	for (; now_us - r->epoch_us > HALF_LIFE; r->epoch_us += HALF_LIFE) {
		r->batches /= 2;
		for (int h = 0; h < WN_RHYTHM_HOURS; h++)
			r->hours[h] /= 2;
		for (int m = 0; m < WN_RHYTHM_MINUTES; m++)
			r->minutes[m] /= 2;
	}
}

/* Items of which only is known that they came since the last good poll: an even share to each hour. */
static void spread(struct wn_rhythm *r, double n, int64_t now_us)
{
	int64_t hours = (now_us - r->seen_us) / HOUR + 1;

	hours = hours > WN_RHYTHM_HOURS ? WN_RHYTHM_HOURS : hours;
	for (int64_t i = 0; i < hours; i++)
		add(&r->hours[hour_of_week(now_us - i * HOUR)], n * weight_at(r, now_us) / (double)hours);
}

static bool came_since(const struct wn_rhythm *r, int64_t at_us, int64_t now_us)
{
	return at_us > r->seen_us && at_us <= now_us;
}

/* Items of one minute are one event of the minute, worth the root of their number. */
static void add_minutes(struct wn_rhythm *r, const int64_t *at, size_t n, int64_t now_us)
{
	int64_t last = INT64_MIN;
	int together = 0;

	for (size_t i = 0; i < n; i++) {
		if (!came_since(r, at[i], now_us))
			continue;
		int64_t minute = floor_div(at[i], MINUTE);
		together = minute == last ? together + 1 : 1;
		add(&r->minutes[minute_of_hour(at[i])], weight_at(r, at[i]) * (sqrt(together) - sqrt(together - 1)));
		r->batches += minute > last + 2 || last == INT64_MIN ? weight_at(r, at[i]) : 0;
		last = minute;
	}
}

static double expected(const struct estimate *e, int64_t from, int64_t to)
{
	double n = 0;

	if (to - from > 14 * DAY)
		from = to - 14 * DAY;
	for (int64_t t = from, next; t < to; t = next) {
		next = (floor_div(t, HOUR) + 1) * HOUR;
		next = next < to ? next : to;
		n += e->hour[hour_of_week(t)] * (double)(next - t) / (double)SECOND;
	}
	return n;
}

static void learn_lately(struct wn_rhythm *r, size_t n, int64_t now_us)
{
	struct estimate e WN_UNINITIALIZED;
	hours_of(r, now_us, &e);
	double keep = exp2(-(double)(now_us - r->seen_us) / (double)LATELY);

	r->came = r->came * keep + (double)n;
	r->due = r->due * keep + expected(&e, r->seen_us, now_us);
}

void wn_rhythm_learn(struct wn_rhythm *r, const int64_t *published_us, size_t dated_n, size_t n, int64_t now_us)
{
	size_t dated = 0;

	if (!r->since_us || now_us < r->since_us || now_us < r->epoch_us)
		*r = (struct wn_rhythm){.since_us = now_us, .seen_us = now_us, .epoch_us = now_us};
	if (now_us < r->seen_us) /* the clock was set back */
		r->seen_us = now_us;
	rebase(r, now_us);
	learn_lately(r, n, now_us);
	for (size_t i = 0; i < dated_n; i++)
		if (came_since(r, published_us[i], now_us)) {
			add(&r->hours[hour_of_week(published_us[i])], weight_at(r, published_us[i]));
			dated++;
		}
	add_minutes(r, published_us, dated_n, now_us);
	if (n > dated) {
		spread(r, (double)(n - dated), now_us);
		r->batches += weight_at(r, now_us);
	}
	r->seen_us = now_us;
}

/* --- planning --- */

struct scan {
	const struct estimate *e;
	int64_t at;
	double due, unseen, waiting, rest; /* due: items; unseen: times worth */
};

/* One step to the next full minute, or to `limit`. */
static void step(struct scan *s, double price, double worth, int64_t limit)
{
	int64_t next = (floor_div(s->at, MINUTE) + 1) * MINUTE;

	next = next < limit ? next : limit;
	double dt = (double)(next - s->at) / (double)SECOND, hour = s->e->hour[hour_of_week(s->at)] * s->e->lately;
	double shape = s->e->minute[minute_of_hour(s->at)], come = hour * shape * worth * dt;
	s->waiting += (s->unseen + come / 2) * dt;
	s->unseen += come;
	s->due += hour * shape * dt;
	s->rest += sqrt(2 * price * hour * worth) * (1 + shape) / 2 * dt;
	s->at = next;
}

struct wn_rhythm_plan wn_rhythm_plan(const struct wn_rhythm *r, int64_t now_us, int64_t floor_us, int64_t ceiling_us, double price, double worth,
				     double share)
{
	int64_t as_of = now_us > r->seen_us ? now_us : r->seen_us; /* the clock was set back: what was learned is still the newest */
	struct estimate e WN_UNINITIALIZED;
	estimate(r, as_of, &e);
	struct scan s = {.e = &e, .at = now_us};
	struct wn_rhythm_plan p = {.us = ceiling_us, .soon_us = ceiling_us, .batches = r->batches / weight_at(r, as_of)};
	double least = INFINITY, slack = share * share * price;
	bool soon = false, slipped = false;

	p.a_day = e.week * e.lately / 7;
	while (s.at < now_us + ceiling_us) {
		step(&s, price, worth, s.at < now_us + floor_us ? now_us + floor_us : now_us + ceiling_us);
		int64_t us = s.at - now_us;
		double cost = s.waiting - s.rest;
		if (!soon && s.due >= soon_items)
			soon = true, p.soon_us = us;
		if (us < floor_us)
			continue;
		if (cost < least) {
			least = cost, slipped = false;
			p.us = us, p.slack_us = 0, p.expected = s.due;
		} else if (!slipped && cost < least + slack && (double)us <= (double)p.us * (1 + share))
			p.slack_us = us - p.us;
		else
			slipped = true;
		if (cost > least + price && soon)
			break;
	}
	return p;
}
