/* SPDX-License-Identifier: MIT */
/* COPY ... FROM STDIN in PostgreSQL's binary form, made of the same parameters that statements take. For rows of which nobody else
 * can have made any meanwhile, or that are simply tried again then. */
#include "store_internal.h"

#include <endian.h>

enum { CHUNK = 256 << 10, OID_JSONB = 3802 };

struct feed {
	const struct wn_pg_param *p;
	size_t rows, cols, row;
	struct wn_buf chunk;
	bool begun, ended;
};

static void put16(struct wn_buf *b, int v)
{
	uint16_t be = htobe16((uint16_t)v);
	wn_buf_add(b, &be, 2);
}

static void put32(struct wn_buf *b, int32_t v)
{
	uint32_t be = htobe32((uint32_t)v);
	wn_buf_add(b, &be, 4);
}

/* Text is the same in both forms; jsonb has a version before it. */
static void put_field(struct wn_buf *b, const struct wn_pg_param *p)
{
	bool versioned = p->oid == OID_JSONB && !p->binary;
	if (p->n < 0) {
		put32(b, -1);
		return;
	}
	put32(b, p->n + versioned);
	if (versioned)
		wn_buf_char(b, 1);
	wn_buf_add(b, p->p ? p->p : p->raw, (size_t)p->n);
}

static bool next_chunk(void *ctx, struct wn_str *chunk)
{
	static const char head[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0"; /* with the NUL of the string: 19 bytes */
	struct feed *f = ctx;
	if (f->ended)
		return false;
	wn_buf_clear(&f->chunk);
	if (!f->begun)
		wn_buf_add(&f->chunk, head, sizeof(head));
	f->begun = true;
	for (; f->row < f->rows && f->chunk.n < CHUNK; f->row++) {
		put16(&f->chunk, (int)f->cols);
		for (size_t i = 0; i < f->cols; i++)
			put_field(&f->chunk, &f->p[f->row * f->cols + i]);
	}
	if (f->row == f->rows) {
		put16(&f->chunk, -1);
		f->ended = true;
	}
	*chunk = wn_buf_slice(&f->chunk);
	return true;
}

enum wn_rc copy_rows(struct wn_store *s, const struct wn_stmt *copy, const struct wn_pg_param *p, size_t rows, size_t cols,
		     struct wn_err *err)
{
	struct feed f = {.p = p, .rows = rows, .cols = cols};
	if (!rows)
		return WN_OK;
	wn_buf_init(&f.chunk, 256u << 20);
	enum wn_rc rc = wn_pg_copy_in(s->pg, copy->sql, next_chunk, &f, NULL, err);
	wn_buf_done(&f.chunk);
	return store_translate(s, rc, err);
}
