/* SPDX-License-Identifier: MIT */
/*
 * Tables of words in dates. A month is known by its full names; any beginning of one of them, from three
 * letters on, is that month. Letters of Latin-1 lose their accents before they are looked up, other scripts are
 * compared as they are. Zone abbreviations are ambiguous by nature: where RFC 5322 is silent, the reading of
 * the larger feed readers.
 */
#include "date_names.h"

#define WORD_MAX 32

static const char *const months[12] = {
	"january januar janvier janeiro janner jaenner januari januar enero gennaio Ιαν stycznia styczen января январь ocak",
	"february februar fevrier fevereiro februari februar febrero febbraio Φεβ Φεβρ lutego luty февраля февраль şubat",
	"march marz maerz mars marco maart mrt marcius marzo Μαρ Μάρ marca marzec марта март mart",
	"april avril abril aprile aprilis Απρ kwietnia kwiecien апреля апрель nisan",
	"may mai mayo maggio maio mei maj majus Μαϊ Μάι maja мая май mayıs",
	"june juni juin junho junio giugno junius Ιούν Ιουν Ιον czerwca czerwiec июня июнь haziran",
	"july juli juillet julho julio luglio julius Ιούλ Ιουλ Ιολ lipca lipiec июля июль temmuz",
	"august aout augustus agosto augusti augusztus Αύγ Αυγ sierpnia sierpien августа август ağustos",
	"september septembre septiembre setiembre settembre setembro szeptember Σεπ Σεπτ września wrzesień сентября сентябрь eylul",
	"october oktober octobre octubre ottobre outubro Οκτ października paź октября октябрь ekim",
	"november novembre noviembre novembro Νοέ Νοε listopada listopad ноября ноябрь kasım",
	"december dezember decembre diciembre dicembre dezembro desember Δεκ grudnia grudzien декабря декабрь aralık",
};

static const char *const weekdays[7] = {
	"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
};

static const char *const fillers[] = {
	"at",  "of",    "the", "on", "um", "uhr", "den", "der", "le", "a",  "de", "del", "di", "h",
	"hrs", "local", "st",  "nd", "rd", "th",  "er",  "年",  "月", "日", "時", "分",  "秒",
};
static const char *const korean[] = {"년", "월", "일", "시", "분", "초"};

/* clang-format off */
static const struct zone {
	const char name[8];
	int16_t minutes;
} zones[] = {
	/* RFC 5322 4.3, with "xT" for the standard time of each */
	{"ut", 0}, {"utc", 0}, {"gmt", 0}, {"z", 0},
	{"et", -300}, {"est", -300}, {"edt", -240}, {"ct", -360}, {"cst", -360}, {"cdt", -300},
	{"mt", -420}, {"mst", -420}, {"mdt", -360}, {"pt", -480}, {"pst", -480}, {"pdt", -420},
	{"at", -240}, {"ast", -240}, {"adt", -180}, {"nst", -210}, {"ndt", -150},
	{"akst", -540}, {"akdt", -480}, {"hst", -600}, {"hast", -600}, {"hadt", -540},
	/* Europe */
	{"wet", 0}, {"west", 60}, {"bst", 60}, {"cet", 60}, {"cest", 120}, {"met", 60}, {"mest", 120},
	{"mez", 60}, {"mesz", 120}, {"eet", 120}, {"eest", 180}, {"msk", 180}, {"msd", 240}, {"trt", 180},
	{"samt", 240}, {"yekt", 300}, {"omst", 360}, {"krat", 420}, {"irkt", 480}, {"yakt", 540},
	{"vlat", 600}, {"magt", 660}, {"pett", 720},
	/* Asia; IST is Israel's here, the reading of feed readers */
	{"ist", 120}, {"idt", 180}, {"gst", 240}, {"irst", 210}, {"aft", 270}, {"pkt", 300}, {"npt", 345},
	{"btt", 360}, {"ict", 420}, {"wib", 420}, {"wita", 480}, {"wit", 540}, {"hkt", 480}, {"sgt", 480},
	{"myt", 480}, {"pht", 480}, {"jst", 540}, {"kst", 540},
	/* Australia, Pacific */
	{"awst", 480}, {"acst", 570}, {"acdt", 630}, {"aest", 600}, {"aedt", 660}, {"nzst", 720}, {"nzdt", 780},
	{"fjt", 720}, {"chst", 600}, {"chast", 765}, {"chadt", 825}, {"lint", 840}, {"taht", -600},
	/* Africa, South America */
	{"wat", 60}, {"cat", 120}, {"sast", 120}, {"eat", 180}, {"mut", 240},
	{"brt", -180}, {"brst", -120}, {"art", -180}, {"clt", -240}, {"clst", -180}, {"cot", -300},
	{"pet", -300}, {"ect", -300}, {"vet", -240}, {"bot", -240}, {"gft", -180}, {"uyt", -180}, {"pyt", -240},
	{"cvt", -60}, {"azot", -60}, {"azost", 0},
};
/* clang-format on */

/* Base letters of U+00E0 to U+00FF (after lower-casing), '?' where there is none. */
static const char base_letters[] = "aaaaaaaceeeeiiiidnooooo?ouuuuy?y";

/* А to П and Р to Я: 32 further, which is another lead byte for the latter. */
static void lower_cyrillic(char *text, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++) {
		unsigned char b = (unsigned char)text[i + 1];
		if ((unsigned char)text[i] != 0xd0 || b < 0x90 || b > 0xaf)
			continue;
		text[i] = (char)(b < 0xa0 ? 0xd0 : 0xd1);
		text[i + 1] = (char)(b < 0xa0 ? b + 0x20 : b - 0x20);
	}
}

/* Lower-case without accents and dots; false if it is too long to be a word of ours. */
static bool plain(struct wn_str word, char out[WORD_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < word.n; i++) {
		unsigned char c = (unsigned char)word.p[i];
		if (c == '.' || c == '\'')
			continue;
		if (n + 2 >= WORD_MAX)
			return false;
		if (c == 0xc3 && i + 1 < word.n && ((unsigned char)word.p[i + 1] & 0xc0) == 0x80) {
			char base = base_letters[((unsigned char)word.p[++i] | 0x20) - 0xa0];
			out[n++] = base == '?' ? 's' : base;
			continue;
		}
		out[n++] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
	}
	lower_cyrillic(out, n);
	out[n] = '\0';
	return true;
}

/* Is `word` one of the blank-separated names, or a beginning of one of at least `least` letters? */
static bool is_listed(const char *names, const char *word, size_t least)
{
	size_t n = strlen(word);
	least *= word[0] & 0x80 ? 2 : 1; /* letters of other scripts have two bytes */
	for (const char *p = names; *p;) {
		size_t len = strcspn(p, " ");
		if (n <= len && memcmp(p, word, n) == 0 && (n == len || n >= least))
			return n > 0;
		p += len + (p[len] == ' ');
	}
	return false;
}

static bool is_in(const char *const *list, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], word) == 0)
			return true;
	return false;
}

bool date_zone_of(struct wn_str word, int *minutes)
{
	char text[WORD_MAX];
	if (!plain(word, text))
		return false;
	/* "at", "et" and "mt" are words of other languages; as zones they come in capitals. */
	if (word.n == 2 && word.p[0] > 'Z' && strcmp(text, "ut") != 0)
		return false;
	for (size_t i = 0; i < WN_COUNT(zones); i++)
		if (strcmp(zones[i].name, text) == 0) {
			*minutes = zones[i].minutes;
			return true;
		}
	return false;
}

struct date_name date_name_of(struct wn_str word)
{
	char text[WORD_MAX];
	int minutes;
	if (!plain(word, text))
		return (struct date_name){WORD_UNKNOWN, 0};
	for (int i = 0; i < 7; i++)
		if (is_listed(weekdays[i], text, 3))
			return (struct date_name){WORD_WEEKDAY, i};
	for (int i = 0; i < 12; i++)
		if (is_listed(months[i], text, 3))
			return (struct date_name){WORD_MONTH, i + 1};
	if (strcmp(text, "am") == 0 || strcmp(text, "오전") == 0)
		return (struct date_name){WORD_AM, text[0] != 'a'};
	if (strcmp(text, "pm") == 0 || strcmp(text, "오후") == 0)
		return (struct date_name){WORD_PM, text[0] != 'p'};
	if (is_in(korean, WN_COUNT(korean), text))
		return (struct date_name){WORD_KOREAN, 0};
	if (date_zone_of(word, &minutes))
		return (struct date_name){WORD_ZONE, minutes};
	if (is_in(fillers, WN_COUNT(fillers), text))
		return (struct date_name){WORD_FILLER, 0};
	return (struct date_name){WORD_UNKNOWN, 0};
}
