/* SPDX-License-Identifier: MIT */
/*
 * Multi-row statements: the one group between the row marks is written out n times with its parameters
 * renumbered. The statement is ours (lib/store/sql), never a stranger's; quoted strings are left alone.
 */
#include "pg_internal.h"

#include <stdlib.h>

#define BEGIN_MARK "/*rows*/"
#define END_MARK "/*end*/"

struct span {
	const char *p, *end;
};

/* Number of the placeholder at *p ("$12"), moved past it; 0 if there is none. */
static size_t placeholder(const char **p, const char *end)
{
	const char *at = *p + 1;
	size_t n = 0;

	if (**p != '$')
		return 0;
	while (at < end && *at >= '0' && *at <= '9' && n <= WN_PG_PARAMS_MAX)
		n = n * 10 + (size_t)(*at++ - '0');
	if (n)
		*p = at;
	return n;
}

/* Row values of row number `row` (from 0), fixed ones behind all rows. */
static void renumber(struct wn_buf *b, struct span s, size_t cols, size_t rows, size_t row)
{
	bool quoted = false;

	while (s.p < s.end) {
		size_t n = quoted ? 0 : placeholder(&s.p, s.end);

		if (!n) {
			quoted ^= *s.p == '\'';
			wn_buf_char(b, *s.p++);
		} else {
			wn_buf_printf(b, "$%zu", n <= cols ? row * cols + n : rows * cols + n - cols);
		}
	}
}

char *wn_pg_rows_expand(const char *sql, size_t cols, size_t rows)
{
	const char *begin = strstr(sql, BEGIN_MARK), *end = begin ? strstr(begin, END_MARK) : NULL;
	struct span group;
	struct wn_buf b;

	if (!end)
		return NULL;
	group = (struct span){begin + strlen(BEGIN_MARK), end};
	wn_buf_init(&b, 16u << 20);
	renumber(&b, (struct span){sql, begin}, cols, rows, 0);
	for (size_t i = 0; i < rows; i++) {
		if (i)
			wn_buf_text(&b, ", ");
		renumber(&b, group, cols, rows, i);
	}
	renumber(&b, (struct span){end + strlen(END_MARK), sql + strlen(sql)}, cols, rows, 0);
	if (!wn_buf_overflowed(&b))
		return wn_buf_take(&b);
	wn_buf_done(&b);
	return NULL;
}
