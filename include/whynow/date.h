/* SPDX-License-Identifier: MIT */
/* Dates and durations: one tokenising parser for the wild, one writer. Times are microseconds since 1970, UTC. */
#ifndef WHYNOW_DATE_H
#define WHYNOW_DATE_H

#include <whynow/base.h>

/* RFC 822/1123/850, RFC 3339, ISO 8601 and W3CDTF, asctime, named zones, wrong weekdays, month names of a dozen
 * languages, epoch s/ms/us: false if it is no date. No zone means UTC, and so does an unknown one; a date
 * without a time is its midnight; two-digit years as RFC 5322 4.3 (00 to 49 are 20xx). Years 1 to 9999. Reads
 * zoneinfo only for a zone by name ("Europe/Brussels"). */
bool wn_date_parse(struct wn_str text, int64_t *out_us);
/* Strict RFC 3339 with optional fraction (ns kept in *ns if not NULL, digits past the ninth cut; second 60
 * counts on). */
bool wn_rfc3339_parse(struct wn_str text, int64_t *sec, int32_t *ns);
/* "2026-05-04T10:00:00Z", fraction only if not zero. out holds 40. */
void wn_rfc3339_from_us(int64_t us, char out[40]);
/* IMF-fixdate of RFC 9110: "Mon, 04 May 2026 10:00:00 GMT". */
void wn_imf_fixdate(int64_t us, char out[40]);
/* Seconds of 0001-01-01T00:00:00Z and of 9999-12-31T23:59:59Z: what these parsers accept. */
#define WN_YEAR_1_S INT64_C(-62135596800)
#define WN_YEAR_9999_S INT64_C(253402300799)

/* Proleptic Gregorian. month 1..12, day 1..31. */
int64_t wn_days_from_civil(int64_t year, int month, int day);
void wn_civil_from_days(int64_t days, int64_t *year, int *month, int *day);
int wn_days_in_month(int64_t year, int month);

/* Configuration durations: "90s 5m 24h 7d 6w 500ms 10us", compound "1d12h" (units falling, each once),
 * fractions "1.5h" that come out in whole microseconds, also ISO "P7D" "PT1H30M"; "0" needs no unit; a minus
 * may lead. */
bool wn_duration_parse(struct wn_str text, int64_t *out_us);
/* Shortest exact compound form: "14d", "1h30m", "500ms". out holds 40. */
void wn_duration_to_text(int64_t us, char out[40]);
/* For people: "in 3 h", "2 d ago", "now". out holds 40. */
void wn_relative_to_text(int64_t delta_us, char out[40]);

#endif
