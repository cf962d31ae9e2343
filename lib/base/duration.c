/* SPDX-License-Identifier: MIT */
/* Durations of configuration ("1d12h", "P7D") both ways, and distances in time for people ("in 3 h"). */
#include <whynow/date.h>
#include <whynow/limits.h>

#include <stdio.h>

struct unit {
	const char *name;
	int64_t us;
};

/* Largest first: a compound names each at most once, in this order. */
static const struct unit units[] = {
	{"w", INT64_C(604800000000)},
	{"d", INT64_C(86400000000)},
	{"h", INT64_C(3600000000)},
	{"m", 60000000},
	{"s", 1000000},
	{"ms", 1000},
	{"us", 1},
};

/* RFC 3339, appendix A, without years and months, which have no fixed length. */
static const struct unit iso_date_units[] = {{"W", INT64_C(604800000000)}, {"D", INT64_C(86400000000)}};
static const struct unit iso_time_units[] = {{"H", INT64_C(3600000000)}, {"M", 60000000}, {"S", 1000000}};

static bool is_digit(const char *p, const char *end) { return p < end && *p >= '0' && *p <= '9'; }

/* A number with a fraction of at most six digits: whole part and millionths. */
static bool read_number(const char **p, const char *end, int64_t *whole, int64_t *millionths)
{
	int64_t place = 100000;
	*whole = *millionths = 0;
	if (!is_digit(*p, end))
		return false;
	for (; is_digit(*p, end); (*p)++) {
		if (*whole > INT64_C(1000000000000000))
			return false;
		*whole = *whole * 10 + (**p - '0');
	}
	if (*p == end || **p != '.')
		return true;
	(*p)++;
	if (!is_digit(*p, end))
		return false;
	for (; is_digit(*p, end); (*p)++, place /= 10) {
		if (place == 0)
			return false;
		*millionths += (**p - '0') * place;
	}
	return true;
}

static bool add(int64_t *total, int64_t whole, int64_t millionths, int64_t unit)
{
	int64_t us;
	if (__builtin_mul_overflow(whole, unit, &us) || __builtin_add_overflow(*total, us, total))
		return false;
	/* A fraction must come out in whole microseconds. */
	int64_t step = unit >= 1000000 ? unit / 1000000 * millionths : unit * millionths / 1000000;
	if (unit < 1000000 && unit * millionths % 1000000 != 0)
		return false;
	return !__builtin_add_overflow(*total, step, total);
}

static const struct unit *find_unit(const struct unit *from, const struct unit *end, struct wn_str name)
{
	for (; from < end; from++)
		if (wn_str_is(name, from->name))
			return from;
	return NULL;
}

static struct wn_str read_letters(const char **p, const char *end)
{
	const char *start = *p;
	while (*p < end && ((**p >= 'a' && **p <= 'z') || (**p >= 'A' && **p <= 'Z')))
		(*p)++;
	return (struct wn_str){start, (size_t)(*p - start)};
}

/* "1d12h", "1d 12h": at least one part, units in falling order. Stops at `stop` or the end. */
static bool read_parts(const char **p, const char *end, char stop, const struct unit *from,
		       const struct unit *last, int64_t *total)
{
	int64_t whole, millionths;
	const char *start = *p;
	while (*p < end && **p != stop) {
		if (!read_number(p, end, &whole, &millionths))
			return false;
		const char *mark = *p;
		struct wn_str name = read_letters(p, end);
		/* In the ISO form a part may be followed directly by T. */
		if (stop == 'T' && name.n > 1)
			name.n = 1, *p = mark + 1;
		const struct unit *u = find_unit(from, last, name);
		if (!u || !add(total, whole, millionths, u->us))
			return false;
		from = u + 1;
		while (stop != 'T' && *p < end && **p == ' ')
			(*p)++;
	}
	return *p > start;
}

static bool read_iso(const char *p, const char *end, int64_t *total)
{
	bool any = p < end && *p != 'T';
	if (any && !read_parts(&p, end, 'T', iso_date_units, iso_date_units + WN_COUNT(iso_date_units), total))
		return false;
	if (p == end)
		return any;
	p++;
	return p < end &&
	       read_parts(&p, end, 'T', iso_time_units, iso_time_units + WN_COUNT(iso_time_units), total) &&
	       p == end;
}

bool wn_duration_parse(struct wn_str text, int64_t *out_us)
{
	const char *p = text.p, *end = text.p + text.n;
	int64_t total = 0;
	if (text.n == 0 || text.n > WN_DATE_TEXT_MAX)
		return false;
	bool negative = *p == '-';
	p += negative;
	bool done;
	if (end - p == 1 && *p == '0')
		done = true;
	else if (p < end && *p == 'P')
		done = read_iso(p + 1, end, &total);
	else
		done = read_parts(&p, end, '\0', units, units + WN_COUNT(units), &total) && p == end &&
		       end[-1] != ' ';
	if (done)
		*out_us = negative ? -total : total;
	return done;
}

/* Answers where its NUL is. */
static char *put_count(char *out, uint64_t n, const char *unit)
{
	char digits[24], *p = wn_digits(digits + sizeof(digits), n);
	out = mempcpy(out, p, (size_t)(digits + sizeof(digits) - p));
	memcpy(out, unit, strlen(unit) + 1);
	return out + strlen(unit);
}

void wn_duration_to_text(int64_t us, char out[40])
{
	uint64_t left = us < 0 ? 0 - (uint64_t)us : (uint64_t)us;
	if (us == 0)
		memcpy(out, "0s", 3);
	if (us < 0)
		*out++ = '-';
	/* From days on: "14d" says more to a reader than "2w". */
	for (const struct unit *u = units + 1; u < units + WN_COUNT(units); u++) {
		uint64_t count = left / (uint64_t)u->us;
		left %= (uint64_t)u->us;
		if (count)
			out = put_count(out, count, u->name);
	}
}

void wn_relative_to_text(int64_t delta_us, char out[40])
{
	uint64_t size = delta_us < 0 ? 0 - (uint64_t)delta_us : (uint64_t)delta_us;
	/* Each unit up to one and a half of the next, so that "1 d" is never said of 47 hours. */
	static const struct {
		uint64_t below_us, us;
		const char *name;
	} steps[] = {
		{UINT64_C(90000000), UINT64_C(1000000), "s"},
		{UINT64_C(5400000000), UINT64_C(60000000), "min"},
		{UINT64_C(172800000000), UINT64_C(3600000000), "h"},
		{UINT64_MAX, UINT64_C(86400000000), "d"},
	};
	if (size < 500000) {
		snprintf(out, 40, "now");
		return;
	}
	size_t i = 0;
	while (size >= steps[i].below_us && i + 1 < WN_COUNT(steps))
		i++;
	unsigned long long count = (size + steps[i].us / 2) / steps[i].us;
	snprintf(out, 40, delta_us > 0 ? "in %llu %s" : "%llu %s ago", count, steps[i].name);
}
