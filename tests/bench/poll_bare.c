// links: io
/* SPDX-License-Identifier: MIT */
/*
 * What polling costs at least with libcurl: its multi interface in a loop, nothing kept, nothing written.
 *   poll_bare URLS --etag TAG|none --parallel N [--ca FILE]       URLS: one a line
 * Handles are used again, connections are kept. Prints JSON: requests, answers by status, seconds, CPU.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static struct {
	char **urls;
	size_t n, next, under_way;
	const char *ca;
	struct curl_slist *headers;
	size_t whole, unchanged, other;
	unsigned long long bytes;
} run;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void read_urls(const char *path)
{
	char line[1024];
	FILE *f = fopen(path, "re");
	if (!f)
		fail(path);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		run.urls = realloc(run.urls, (run.n + 1) * sizeof(*run.urls));
		run.urls[run.n++] = strdup(line);
	}
	fclose(f);
}

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
	(void)p, (void)ctx;
	run.bytes += size * n;
	return size * n;
}

static void start(CURLM *multi, CURL *easy)
{
	run.under_way++;
	curl_easy_setopt(easy, CURLOPT_URL, run.urls[run.next++]);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, run.headers);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
	if (run.ca)
		curl_easy_setopt(easy, CURLOPT_CAINFO, run.ca);
	curl_multi_add_handle(multi, easy);
}

static void ended(CURLM *multi, CURL *easy)
{
	long status = 0;
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	run.whole += status == 200;
	run.unchanged += status == 304;
	run.other += status != 200 && status != 304;
	curl_multi_remove_handle(multi, easy);
	run.under_way--;
	if (run.next < run.n)
		start(multi, easy);
	else
		curl_easy_cleanup(easy);
}

static void loop(long parallel)
{
	int running, left;
	CURLM *multi = curl_multi_init();
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, parallel);
	for (long i = 0; i < parallel && run.next < run.n; i++)
		start(multi, curl_easy_init());
	while (run.under_way) {
		curl_multi_perform(multi, &running);
		for (CURLMsg *m; (m = curl_multi_info_read(multi, &left));)
			if (m->msg == CURLMSG_DONE)
				ended(multi, m->easy_handle);
		if (run.under_way)
			curl_multi_poll(multi, NULL, 0, 1000, NULL);
	}
	curl_multi_cleanup(multi);
}

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	long parallel = 200;
	const char *etag = "none", *urls = NULL;
	char header[300];
	struct rusage u;
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--etag") == 0 && i + 1 < argc)
			etag = argv[++i];
		else if (strcmp(argv[i], "--parallel") == 0 && i + 1 < argc)
			parallel = strtol(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--ca") == 0 && i + 1 < argc)
			run.ca = argv[++i];
		else
			urls = argv[i];
	if (!urls)
		return 64;
	read_urls(urls);
	snprintf(header, sizeof(header), "If-None-Match: %s", etag);
	if (strcmp(etag, "none") != 0)
		run.headers = curl_slist_append(NULL, header);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	double began = seconds();
	loop(parallel);
	double took = seconds() - began;
	getrusage(RUSAGE_SELF, &u);
	printf("{\"requests\": %zu, \"whole\": %zu, \"unchanged\": %zu, \"other\": %zu, \"seconds\": %.3f, \"cpu\": %.3f}\n", run.n, run.whole,
	       run.unchanged, run.other, took,
	       (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6);
	return run.other > 0;
}
