# SPDX-License-Identifier: Apache-2.0
# cmake -D CC=gcc -D OBJCOPY=objcopy -D ROOT=tree -D OUT=directory -D SOURCE=loader.S -D SYMBOL=x86_loader_rom -P x86.cmake
# The bytes of SOURCE's .text as a table SYMBOL in OUT/NAME.gen.h.
get_filename_component(name ${SOURCE} NAME_WE)
foreach(command "${CC};-m32;-I${ROOT};-c;-o;${OUT}/${name}.o;${SOURCE}" "${OBJCOPY};-O;binary;-j;.text;${OUT}/${name}.o;${OUT}/${name}.bin")
  execute_process(COMMAND ${command} RESULT_VARIABLE failed OUTPUT_VARIABLE said ERROR_VARIABLE said)
  if(failed)
    message(FATAL_ERROR "${SOURCE}: ${command} failed\n${said}")
  endif()
endforeach()
file(READ ${OUT}/${name}.bin bytes HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" bytes "${bytes}")
file(RELATIVE_PATH from ${ROOT} ${SOURCE})
file(WRITE ${OUT}/${name}.gen.h "/* Generated from ${from}. */\nstatic const uint8_t ${SYMBOL}[] = {\n${bytes}\n};\n")
