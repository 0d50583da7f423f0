/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashes of strings, byte by byte (FNV-1a) and eight bytes at a time (products folded), and the tables behind them:
 * one of open addressing for words, one of chains for numbers.
 */
#include "bench.h"

const unsigned kernel_rounds = 3000000;
#define WORDS 4096u
#define SLOTS 8192u
#define CHAINS 4096u
#define ENTRIES 16384u

static char words[WORDS][32];
static uint8_t lengths[WORDS];

static uint64_t fnv1a(const char *text, uint32_t n)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (uint32_t i = 0; i < n; i++)
        h = (h ^ (uint8_t)text[i]) * 0x100000001b3u;
    return h;
}

static uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 p = (unsigned __int128)a * b;
    return (uint64_t)p ^ (uint64_t)(p >> 64);
}

static uint64_t fold_words(const char *text, uint32_t n)
{
    uint64_t h = n;
    for (; n >= 8; n -= 8, text += 8)
        h = fold(h ^ *(const uint64_t *)(const void *)text, 0x9fb21c651e98df25u);
    for (; n; n--)
        h = h << 8 ^ (uint8_t)*text++;
    return fold(h, 0xa0761d6478bd642fu);
}

/* ---- open addressing: how often a word was seen ---- */

static struct {
    uint32_t hash, word, count;
} slots[SLOTS];

static int same(const char *a, const char *b, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (a[i] != b[i])
            return 0;
    return 1;
}

static uint32_t count_word(uint32_t w)
{
    uint32_t hash = (uint32_t)fnv1a(words[w], lengths[w]) | 1, at = hash >> 7 & (SLOTS - 1);

    while (slots[at].hash) {
        uint32_t other = slots[at].word;
        if (slots[at].hash == hash && lengths[other] == lengths[w] && same(words[other], words[w], lengths[w]))
            return ++slots[at].count;
        at = (at + 1) & (SLOTS - 1);
    }
    slots[at].hash = hash;
    slots[at].word = w;
    return slots[at].count = 1;
}

/* ---- chains: numbers that come and go ---- */

static struct entry {
    struct entry *next;
    uint64_t key, value;
} entries[ENTRIES], *chains[CHAINS], *spare;

static void toggle_number(uint64_t key, uint64_t value, uint64_t *sum)
{
    struct entry **place = &chains[fold(key, 0x9e3779b97f4a7c15u) & (CHAINS - 1)];

    for (; *place; place = &(*place)->next)
        if ((*place)->key == key) {
            struct entry *e = *place;
            *sum += e->value;
            *place = e->next;
            e->next = spare;
            spare = e;
            return;
        }
    if (!spare)
        return;
    *place = spare;
    spare = spare->next;
    (*place)->next = 0;
    (*place)->key = key;
    (*place)->value = value;
}

uint64_t kernel(unsigned rounds)
{
    uint64_t seed = 17, sum = 0;

    for (uint32_t i = 0; i < WORDS; i++) {
        uint64_t random = bench_random(&seed);
        lengths[i] = (uint8_t)(3 + (random >> 60));
        for (uint32_t k = 0; k < lengths[i]; k++)
            words[i][k] = (char)('a' + (bench_random(&seed) >> 40) % 20);
    }
    for (uint32_t i = 0; i < ENTRIES; i++) {
        entries[i].next = spare;
        spare = &entries[i];
    }
    for (unsigned r = 0; r < rounds; r++) {
        uint64_t random = bench_random(&seed);
        uint32_t word = (uint32_t)(random >> 30) & (WORDS - 1);
        sum += count_word(word);
        sum = bench_mix(sum, fold_words(words[word], lengths[word]));
        toggle_number(random >> 50, r, &sum);
    }
    return sum;
}
