// How Python calls a kernel: the types of its parameters as text, and a launch with an array of pointers to arguments.
#pragma once
#include <cstdio>
#include <type_traits>
#include <utility>

#include "machine.h"

namespace cusim {

struct Text {
  char letters[2048] = "";
  size_t size = 0;
  template <class... Parts> void add(const char* format, Parts... parts) {
    size += static_cast<size_t>(snprintf(letters + size, sizeof letters - size, format, parts...));
  }
};

// f4: float, i4: int, u2: unsigned short, b1: bool, V12: a struct of 12 bytes;
// *f4: float*, c*f4: const float*, *V0: void*.
template <class T> void describe(Text& text) {
  using P = std::remove_pointer_t<T>;
  constexpr int bytes = [] { if constexpr (std::is_void_v<T>) return 0; else return static_cast<int>(sizeof(T)); }();
  if constexpr (std::is_pointer_v<T>) {
    using E = typename Element<std::remove_cv_t<P>>::type;
    text.add(std::is_const_v<P> ? "c*" : "*");
    if constexpr (std::is_pointer_v<E>) text.add("u8");  // a table of addresses
    else describe<E>(text);
  } else {
    bool integer = std::is_integral_v<T>, is_signed = std::is_signed_v<T>, is_bool = std::is_same_v<T, bool>;
    char kind = is_bool ? 'b' : integer ? (is_signed ? 'i' : 'u') : std::is_floating_point_v<T> ? 'f' : 'V';
    text.add("%c%d", kind, bytes);
  }
}

template <class... Parameters> const char* signature(void (*)(Parameters...)) {
  static Text text;
  text = Text{};
  ((describe<std::remove_cv_t<Parameters>>(text), text.add(",")), ...);
  return text.letters;
}

template <class... Parameters> struct Call {
  void (*kernel)(Parameters...);
  void** arguments;
  template <size_t... i> void with(std::index_sequence<i...>) {
    kernel(*static_cast<std::remove_cv_t<Parameters>*>(arguments[i])...);
  }
  static void now(void* call) { static_cast<Call*>(call)->with(std::index_sequence_for<Parameters...>{}); }
};
template <class... Parameters>
void launch(void (*kernel)(Parameters...), const Launch& launch, void** arguments, Outcome& outcome) {
  Call<Parameters...> call{kernel, arguments};
  run(launch, &Call<Parameters...>::now, &call, outcome);
}

}  // namespace cusim

#define CUSIM_PUBLIC extern "C" __attribute__((visibility("default")))
#define CUSIM_EXPORT(number, ...)                                                                              \
  CUSIM_PUBLIC const char* cusim_signature_##number() { return cusim::signature(__VA_ARGS__); }                \
  CUSIM_PUBLIC void cusim_launch_##number(const cusim::Launch* l, void** arguments, cusim::Outcome* outcome) { \
    cusim::launch(__VA_ARGS__, *l, arguments, *outcome);                                                       \
  }
