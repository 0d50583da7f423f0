/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Integer work in the mix that embedded benchmarks use, CoreMark above all: linked lists walked and sorted, small
 * matrices multiplied, a state machine over text, and a CRC.
 */
#include "bench.h"

const unsigned kernel_rounds = 100000;

struct node {
    struct node *next;
    int16_t key, data;
};

#define NODES 128
static struct node nodes[NODES];

static struct node *merge_sort(struct node *list, int n)
{
    if (n < 2)
        return list;
    struct node *half = list, *prev = 0;
    for (int i = 0; i < n / 2; i++) {
        prev = half;
        half = half->next;
    }
    prev->next = 0;
    struct node *a = merge_sort(list, n / 2), *b = merge_sort(half, n - n / 2), *head = 0,
                **tail = &head;
    while (a && b) {
        struct node **least = a->key <= b->key ? &a : &b;
        *tail = *least;
        tail = &(*tail)->next;
        *least = (*least)->next;
    }
    *tail = a ? a : b;
    return head;
}

static uint64_t lists(uint64_t seed)
{
    uint64_t sum = 0;

    for (int i = 0; i < NODES; i++) {
        nodes[i].key = (int16_t)bench_random(&seed);
        nodes[i].data = (int16_t)i;
        nodes[i].next = i + 1 < NODES ? &nodes[i + 1] : 0;
    }
    int place = 0;
    for (struct node *n = merge_sort(nodes, NODES); n; n = n->next)
        sum += (uint64_t)(n->data * ++place) ^ (uint16_t)n->key;
    return sum;
}

#define N 12
static uint64_t matrices(uint64_t seed)
{
    static int32_t a[N][N], b[N][N], c[N][N];
    uint64_t sum = 0;

    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            a[i][j] = (int16_t)bench_random(&seed);
            b[i][j] = (int16_t)bench_random(&seed);
        }
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            int32_t s = 0;
            for (int k = 0; k < N; k++)
                s += (a[i][k] * b[k][j]) >> 3;
            c[i][j] = s;
        }
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            sum = sum * 31 + (uint32_t)c[i][j];
    return sum;
}

/* Classifies words of text as integer, float, exponent or invalid. */
static uint64_t states(uint64_t seed)
{
    static const char text[] = "5012,1234,-874,+122,35.54400,.1234500,-110.700,+0.64400,5.500e+3,"
                               "-.123e-2,-87e+832,+0.6e-12,T0.3e-1F,-T.T++Tq,1T3.4e4z,34.0e-T^,";
    enum { START, SIGN, INT, FRACTION, EXP, EXP_SIGN, EXP_DIGIT, BAD } state = START;
    uint32_t count[8] = { 0 };

    for (unsigned i = 0; i < sizeof(text) - 1; i++) {
        char c = text[(i + (seed & 63)) % (sizeof(text) - 1)];
        int digit = c >= '0' && c <= '9';
        if (c == ',') {
            count[state]++;
            state = START;
            continue;
        }
        switch (state) {
        case START:
            state = digit ? INT : c == '+' || c == '-' ? SIGN : c == '.' ? FRACTION : BAD;
            break;
        case SIGN:
            state = digit ? INT : c == '.' ? FRACTION : BAD;
            break;
        case INT:
            state = digit ? INT : c == '.' ? FRACTION : c == 'e' ? EXP : BAD;
            break;
        case FRACTION:
            state = digit ? FRACTION : c == 'e' ? EXP : BAD;
            break;
        case EXP:
            state = c == '+' || c == '-' ? EXP_SIGN : digit ? EXP_DIGIT : BAD;
            break;
        case EXP_SIGN:
        case EXP_DIGIT:
            state = digit ? EXP_DIGIT : BAD;
            break;
        default:
            break;
        }
    }
    uint64_t sum = 0;
    for (int i = 0; i < 8; i++)
        sum = sum * 17 + count[i];
    return sum;
}

static uint16_t crc16(uint16_t crc, uint64_t v)
{
    for (int i = 0; i < 64; i++) {
        crc = (uint16_t)((crc >> 1) ^ (((crc ^ v) & 1) ? 0xa001 : 0));
        v >>= 1;
    }
    return crc;
}

uint64_t kernel(unsigned rounds)
{
    uint64_t seed = 1, sum = 0;
    uint16_t crc = 0xffff;

    for (unsigned i = 0; i < rounds; i++) {
        sum = bench_mix(sum, lists(bench_random(&seed)));
        sum = bench_mix(sum, matrices(bench_random(&seed)));
        sum = bench_mix(sum, states(bench_random(&seed)));
        crc = crc16(crc, sum);
    }
    return sum ^ crc;
}
