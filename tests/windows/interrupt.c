/*
 * Starts a command in a console of its own, presses Ctrl+C there, and ends with the command's exit code.
 *
 *   interrupt FILES COMMAND LINE...
 *
 * It presses when a file that matches FILES (a name with * and ?) is there, or after a second if FILES is "-".
 */
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <windows.h>

static int is_there(const wchar_t *files)
{
    WIN32_FIND_DATAW found;
    HANDLE search = FindFirstFileW(files, &found);
    if (search == INVALID_HANDLE_VALUE)
        return 0;
    FindClose(search);
    return 1;
}

static int failed(const char *what)
{
    fprintf(stderr, "interrupt: %s: error %lu\n", what, GetLastError());
    return 250;
}

int wmain(int count, wchar_t **arguments)
{
    STARTUPINFOW startup = {0};
    PROCESS_INFORMATION process;
    wchar_t *line = GetCommandLineW();
    DWORD code;
    int turn, index;

    if (count < 3) {
        fprintf(stderr, "usage: interrupt FILES COMMAND LINE...\n");
        return 251;
    }
    /* What follows the first two words is the command, quoted as it was; the two have no blanks. */
    for (index = 0; index < 2; index++) {
        line += wcscspn(line, L" ");
        line += wcsspn(line, L" ");
    }

    /* A console of its own keeps the key from others. The files and pipes that were given stay. */
    startup.cb = sizeof startup;
    startup.dwFlags = STARTF_USESTDHANDLES;
    startup.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
    startup.hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE);
    startup.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    FreeConsole();
    if (!AllocConsole())
        return failed("no console");
    if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process))
        return failed("the command cannot be started");
    if (wcscmp(arguments[1], L"-") == 0) {
        Sleep(1000);
    } else {
        for (turn = 0; turn < 60000 && !is_there(arguments[1]); turn++) {
            if (WaitForSingleObject(process.hProcess, 1) == WAIT_OBJECT_0) {
                fprintf(stderr, "interrupt: the command ended before the file was there\n");
                return 252;
            }
        }
    }
    /* Only from here on, since a process inherits that it ignores the key. */
    SetConsoleCtrlHandler(NULL, TRUE);
    if (!GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0))
        return failed("Ctrl+C cannot be pressed");
    if (WaitForSingleObject(process.hProcess, 20000) != WAIT_OBJECT_0) {
        TerminateProcess(process.hProcess, 253);
        fprintf(stderr, "interrupt: the command goes on after Ctrl+C\n");
        return 253;
    }
    GetExitCodeProcess(process.hProcess, &code);
    return (int)code;
}
