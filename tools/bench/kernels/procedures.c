/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Systems code in the mix that Dhrystone made known: assignments between records, procedures of one to three
 * parameters, conditions on enumerations, strings of 30 characters copied and compared, subscripts, and few
 * multiplications and divisions.
 */
#include "bench.h"

const unsigned kernel_rounds = 9000000;

enum colour { RED, GREEN, BLUE, GREY, WHITE };
#define LETTERS 31

struct record {
    struct record *other;
    enum colour colour, second;
    int32_t number;
    char text[LETTERS];
};

#define NOINLINE __attribute__((noinline))

static struct record one, two;
static int32_t line[50], table[50][50], total;
static char mark;
static int flag;

static NOINLINE int32_t add_three(int32_t a, int32_t b)
{
    return a + 3 + b;
}

static NOINLINE enum colour next_colour(enum colour c, int32_t limit)
{
    switch (c) {
    case RED:
        return limit > 100 ? RED : WHITE;
    case GREEN:
        return BLUE;
    case BLUE:
        return limit > 10 ? GREEN : GREY;
    case GREY:
        return GREEN;
    default:
        return RED;
    }
}

static NOINLINE void copy_text(char *to, const char *from)
{
    while ((*to++ = *from++) != 0)
        ;
}

static NOINLINE int compare_text(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (int)*a - (int)*b;
}

static NOINLINE int same_letter(char a, char b)
{
    char c = a;
    if (c != b)
        return 0;
    mark = c;
    return 1;
}

static NOINLINE int is_later(const char *a, const char *b)
{
    int at = 2;
    char letter = 'A';

    while (at <= 2) {
        if (same_letter(a[at], b[at + 1])) {
            letter = 'B';
            at += 3;
        } else {
            letter = 'R';
            at++;
        }
    }
    if (letter >= 'W' && letter < 'Z')
        at = 7;
    if (letter == 'R' && compare_text(a, b) > 0) {
        total = at + 7;
        return 1;
    }
    return 0;
}

static NOINLINE void fill(int32_t *row, int32_t (*rows)[50], int32_t at, int32_t value)
{
    int32_t place = at + 5;

    row[place] = value;
    row[place + 1] = row[place];
    row[place + 30] = place;
    for (int32_t i = place; i <= place + 1; i++)
        rows[place][i] = place;
    rows[place][place - 1] += 1;
    rows[place + 20][place] = row[place];
}

static NOINLINE void follow(struct record **place)
{
    if (two.other)
        *place = two.other->other;
    total = add_three(10, total & 0xff);
}

static NOINLINE void change(struct record *r)
{
    struct record *next = r->other;

    *r->other = two;
    r->number = 5;
    next->number = r->number;
    next->other = r->other;
    follow(&next->other);
    if (next->colour == RED) {
        next->number = 6;
        next->second = next_colour(r->second, next->number);
        next->other = two.other;
        next->number = add_three(next->number, 10);
    } else {
        *r = *r->other;
    }
}

static NOINLINE int32_t divide(int32_t a, int32_t b, int32_t c)
{
    int32_t product = a * b;
    return 7 * (product / c - b) - a;
}

uint64_t kernel(unsigned rounds)
{
    char first[LETTERS], second[LETTERS];
    uint64_t sum = 0;

    copy_text(first, "THE PROGRAM OF WORDS, 1'ST ONE");
    two.other = &one;
    one.other = &two;
    copy_text(two.text, "A RECORD NAMED BY SOME LETTERS");
    for (unsigned r = 0; r < rounds; r++) {
        int32_t a = 2, b = 3, c = 0;
        two.colour = r % 3 ? RED : GREEN;
        two.other = &one;
        one.other = &two;
        mark = 'A' + (char)(r & 7);
        copy_text(second, "THE PROGRAM OF WORDS, 2'ND ONE");
        flag = !is_later(first, second);
        while (a < b) {
            c = 5 * a - b;
            c = add_three(c, (int32_t)(r & 15));
            a++;
        }
        fill(line, table, (int32_t)(r & 7), c);
        change(&one);
        for (char letter = 'A'; letter <= mark; letter++)
            if (one.second == next_colour(GREY, letter))
                b += c;
        b = divide(a, b, c + 1);
        sum += (uint64_t)(uint32_t)(b + one.number + two.number + total + flag);
        sum = sum << 1 | sum >> 63;
    }
    for (int i = 0; i < 50; i++)
        sum = bench_mix(sum, (uint64_t)(uint32_t)(line[i] + table[i][(i * 7) % 50]));
    return sum;
}
