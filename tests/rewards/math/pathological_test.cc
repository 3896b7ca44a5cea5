// Answers made to hang a grader or to fill its memory: each is decided within its bounds, and never
// as equal to a plain number.
#include <gtest/gtest.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "base/text.h"
#include "rewards/math/verify.h"

namespace reckon::math {
namespace {

constexpr double kMostMilliseconds = 20;
constexpr long kMostKilobytes = 32 * 1024;

// The sanitizers' builds are many times slower and have a memory of their own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr double kSlower = 20;
constexpr bool kMemoryCounts = false;
#else
constexpr double kSlower = 1;
constexpr bool kMemoryCounts = true;
#endif

std::string times(const std::string& part, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += part;
  return text;
}

std::string numbered(const std::string& before, int count, const std::string& after) {
  std::string text;
  for (int i = 1; i <= count; ++i) text += cat(before, i, after);
  return text;
}

struct Input {
  std::string name, text;
};

std::vector<Input> powers_and_factorials() {
  return {
      {"power tower 9", "9^{9^9}"},
      {"power tower 9, higher", "9^{9^{9^9}}"},
      {"power tower 10", "10^{10^{10}}"},
      {"negative tower", "-9^{9^{9^{9^9}}}"},
      {"tower of a fraction", "(1/2)^{9^{9^9}}"},
      {"tower below", "9^{-9^{9^9}}"},
      {"long tower", times("2^{", 50) + "2" + times("}", 50)},
      {"tower of zeros", "0^{0^{0^{0}}}"},
      {"huge exponent", "2^{10000000000000000000000000}"},
      {"huge base", "(10^{4000})^{4000}"},
      {"scientific", "1e999999999"},
      {"scientific below", "1e-999999999"},
      {"times ten to", "3\\times10^{99999999999}"},
      {"factorial", "(10^8)!"},
      {"factorial of a factorial", "((100!)!)!"},
      {"many factorials", "9!!!!!!!!!!"},
      {"binomial", "\\binom{10^9}{5\\cdot10^8}"},
      {"binomial of powers", "\\binom{2^{100}}{2^{99}}"},
      {"double factorial", "(10^9)!!"},
      {"huge root", "\\sqrt[1000000007]{2}"},
      {"root of a tower", "\\sqrt{9^{9^9}}"},
      {"nested roots", times("\\sqrt{2+", 60) + "2" + times("}", 60)},
      {"many radicals",
       "\\sqrt2+\\sqrt3+\\sqrt5+\\sqrt7+\\sqrt{11}+\\sqrt{13}+\\sqrt{17}+\\sqrt{19}"
       "+\\sqrt{23}+\\sqrt{29}+\\sqrt{31}+\\sqrt{37}"},
      {"logarithm of a tower", "\\ln(9^{9^9})"},
      {"sine of a tower", "\\sin(10^{10^{10}})"},
      {"exponential tower", "e^{e^{e^{e^{e}}}}"},
      {"modulo of a tower", "9^{9^{9^9}} \\bmod 7"},
      {"gcd of factorials", "\\gcd((10^6)!, (10^7)!)"},
      {"near an integer", "e^{\\pi\\sqrt{163}}-262537412640768743"},
      {"zero in disguise", "\\sqrt{2}+\\sqrt{3}-\\sqrt{5+2\\sqrt{6}}"},
      {"division by hidden zero", "\\frac{1}{\\sin(\\pi)}"},
  };
}

std::vector<Input> sums_and_products() {
  return {
      {"harmonic sum", "\\sum_{k=1}^{1000000000} \\frac1k"},
      {"product with a symbol", "\\prod_{k=1}^{10000000} (x+k)"},
      {"sum of sums", "\\sum_{a=1}^{1000}\\sum_{b=1}^{1000}\\sum_{c=1}^{1000} abc"},
      {"sum to a tower", "\\sum_{k=1}^{9^{9^9}} k"},
      {"product of factorials", "\\prod_{k=1}^{100000} k!"},
      {"integral", "\\int_0^{\\infty} e^{-x^2} x^{1000000} dx"},
      {"nested integrals", times("\\int_0^1 ", 60) + "x" + times("\\,dx", 60)},
      {"limit", "\\lim_{n\\to\\infty} \\left(1+\\frac1n\\right)^{n^{n^n}}"},
      {"derivative", "\\frac{d^{1000}}{dx^{1000}} x^{x^x}"},
      {"power of a sum", "(x+y+z+w)^{300}"},
      {"power of a long sum", "(a+b+c+d+f+g+h+k+l+m+n+p+q)^{50}"},
      {"product of sums", numbered("(x+", 300, ")")},
      {"many variables", numbered("+x_{", 900, "}")},
      {"product of many variables", numbered("(x_{", 200, "}+1)")},
      {"deep fraction", times("\\frac{1}{1+", 60) + "x" + times("}", 60)},
      {"matrix", "\\begin{pmatrix}" + times("1&2&3&4&5&6&7&8&9&10\\\\", 100) + "\\end{pmatrix}"},
      {"determinant",
       "\\begin{vmatrix}" + times("x&y&z&w&a&b&c&d&f&g&h&k\\\\", 12) + "\\end{vmatrix}"},
      {"many plus-minus", times("\\pm 1", 60)},
      {"many unions", times("(1,2)\\cup", 500) + "(1,2)"},
      {"long chain", times("x<", 1000) + "x"},
  };
}

std::vector<Input> long_and_deep() {
  return {
      {"10,000 braces", times("{", 10000) + "1" + times("}", 10000)},
      {"10,000 opened", times("{", 10000)},
      {"10,000 closed", times("}", 10000)},
      {"10,000 parentheses", times("(", 10000) + "1" + times(")", 10000)},
      {"fractions inside each other", times("\\frac{", 5000)},
      {"left inside left", times("\\left(", 5000) + times("\\right)", 5000)},
      {"100 kB of digits", times("7", 100000)},
      {"100 kB of letters", times("x", 100000)},
      {"100 kB of words", times("word ", 20000)},
      {"100 kB of blanks", times(" ", 100000)},
      {"100 kB of terms", times("+1", 50000)},
      {"100 kB of minus", times("-", 100000)},
      {"100 kB of commas", times(",", 100000)},
      {"100 kB of backslashes", times("\\", 100000)},
      {"100 kB of dollars", times("$", 100000)},
      {"100 kB of boxes", times("\\boxed{", 15000)},
      {"4,000 digits", times("9", 4000)},
      {"4,000 decimals", "0." + times("3", 4000)},
      {"4,000 signs", times("+-", 2000) + "1"},
      {"powers in a row", times("x^", 1500) + "2"},
      {"subscripts in a row", times("x_", 1500) + "2"},
      {"period of 3,900 digits", "0.\\overline{" + times("12", 1950) + "}"},
      {"2,000 elements", numbered("", 900, ",") + "1"},
      {"set of sums", "\\{" + numbered("x+", 500, ",") + "x\\}"},
      {"nested lists", times("[", 60) + "1" + times("]", 60)},
      {"nested tuples", times("(1,", 60) + "1" + times(")", 60)},
      {"equal signs", times("=", 4000)},
      {"absolute values", times("|", 4000)},
      {"primes", "f" + times("'", 4000)},
  };
}

std::vector<Input> strange_bytes() {
  std::string all_bytes;
  for (int byte = 0; byte < 256; ++byte) all_bytes += static_cast<char>(byte);
  return {
      {"a zero byte", std::string("1\0/4", 4)},
      {"zero bytes", std::string(4000, '\0')},
      {"every byte", all_bytes},
      {"every byte, often", times(all_bytes, 15)},
      {"control characters", times("\x01\x02\x1b[2J\x7f", 300)},
      {"cut UTF-8", "3\xe2\x88"},
      {"lone continuation bytes", times("\x80\xbf", 1000)},
      {"overlong UTF-8", times("\xc0\xaf", 1000)},
      {"surrogates", times("\xed\xa0\x80", 1000)},
      {"beyond Unicode", times("\xf5\x80\x80\x80", 500)},
      {"right to left",
       "\xe2\x80\xae"
       "2/3"},
      {"joined emoji", times("👨‍👩‍👧", 150)},
      {"combining marks", "3" + times("\xcc\x81", 1500)},
      {"zero-width blanks", times("\xe2\x80\x8b", 1300)},
      {"byte order mark",
       "\xef\xbb\xbf"
       "2/3"},
  };
}

std::vector<Input> all_inputs() {
  std::vector<Input> all;
  for (auto* part : {powers_and_factorials, sums_and_products, long_and_deep, strange_bytes})
    for (Input& input : part()) all.push_back(std::move(input));
  return all;
}

double cpu_milliseconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

long status_kilobytes(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind(key, 0) == 0) return std::stol(line.substr(key.size()));
  return 0;
}

// Starts the high-water mark of this process's memory anew; false where the kernel does not let us.
bool reset_peak() {
  std::ofstream clear("/proc/self/clear_refs");
  clear << "5" << std::flush;
  return clear.good();
}

// What the costliest inputs of a test took; printed when it ends.
class Worst {
 public:
  ~Worst() {
    std::printf("slowest: %s, %.2f ms of CPU; largest: %s, %ld KB more memory\n", slowest_.c_str(),
                milliseconds_, largest_.c_str(), kilobytes_);
  }

  // The least of three runs: what it costs, not what else ran on this machine.
  template <class Verify>
  void expect_bounded(const std::string& what, Verify verify) {
    bool peak = reset_peak();
    long before = status_kilobytes("VmRSS:");
    double least = 1e9;
    Verification got;
    for (int run = 0; run < 3; ++run) {
      double start = cpu_milliseconds();
      got = verify();
      least = std::min(least, cpu_milliseconds() - start);
    }
    long more = peak && kMemoryCounts ? status_kilobytes("VmHWM:") - before : 0;
    EXPECT_NE(got.verdict, Verdict::equal) << what << ": " << got.note;
    EXPECT_LE(least, kMostMilliseconds * kSlower) << what << ": " << got.note;
    EXPECT_LE(more, kMostKilobytes) << what;
    if (least > milliseconds_) {
      milliseconds_ = least;
      slowest_ = what;
    }
    if (more > kilobytes_) {
      kilobytes_ = more;
      largest_ = what;
    }
  }

 private:
  std::string slowest_, largest_;
  double milliseconds_ = 0;
  long kilobytes_ = 0;
};

TEST(Pathological, AsAPredictionIsBoundedAndNotEqual) {
  ASSERT_GE(all_inputs().size(), 50u);
  Worst worst;
  for (const Input& input : all_inputs())
    worst.expect_bounded(input.name, [&] { return verify_answer("\\frac13", input.text); });
}

TEST(Pathological, AsAGoldIsBoundedAndNotEqual) {
  Worst worst;
  for (const Input& input : all_inputs())
    worst.expect_bounded(input.name, [&] { return verify_answer(input.text, "\\frac13"); });
}

TEST(Pathological, InAResponseIsBoundedAndNotEqual) {
  Worst worst;
  for (const Input& input : all_inputs()) {
    std::string boxed = "So \\boxed{" + input.text + "}.";
    worst.expect_bounded(input.name + " in a box",
                         [&] { return verify_response("\\frac13", boxed); });
    worst.expect_bounded(input.name + " bare",
                         [&] { return verify_response("\\frac13", input.text, Mode::lenient); });
  }
}

// Both sides alike but for the end: no shortcut by an early difference.
TEST(Pathological, AgainstItselfAndAlmostItselfIsBounded) {
  for (const Input& input : all_inputs()) {
    double least = 1e9;
    for (int run = 0; run < 3; ++run) {
      double start = cpu_milliseconds();
      verify_answer(input.text, input.text);
      verify_answer(input.text, input.text + "+1");
      verify_answer(input.text + "+1", "1+" + input.text);
      least = std::min(least, cpu_milliseconds() - start);
    }
    EXPECT_LE(least, 3 * kMostMilliseconds * kSlower) << input.name;
  }
}

}  // namespace
}  // namespace reckon::math
