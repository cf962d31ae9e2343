/* SPDX-License-Identifier: MIT */
/* Sums of money, and files of rates of exchange. */
#include <whynow/signal.h>
#include <whynow/text.h>

#include <math.h>
#include <stdlib.h>

static void on_rate(void *ctx, const struct wn_fx_rate *r)
{
	(void)ctx;
	if (!(r->usd > 0) || !isfinite(r->usd) || strlen(r->currency) != 3)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct wn_news *news;
	struct wn_arena *a = wn_arena_new(0);
	struct wn_str text = wn_text_repair((struct wn_str){(const char *)data, size}, 64 << 10, a);
	struct wn_sum sum;
	size_t n;

	if (!news) {
		const struct wn_news_file *files = wn_news_builtin(&n);
		if (wn_news_compile(files, n, NULL, &news, NULL))
			abort();
	}
	if (wn_sum_parse(news, text, &sum, &n) && (!(sum.amount > 0) || sum.amount > 1e13 || strlen(sum.currency) != 3 || n > text.n))
		abort();
	(void)!wn_fx_read((struct wn_str){(const char *)data, size}, "fuzz.csv", on_rate, NULL, NULL);
	wn_arena_free(a);
	return 0;
}
