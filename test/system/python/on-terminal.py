"""Runs a command on a terminal of its own and answers its prompts, in their order: on-terminal.py ANSWER... -- COMMAND...

A prompt is output that ends in ": ", with the terminal's echo off. Ends with the command's status.
"""
import os
import pty
import sys
import termios


def hides_input(terminal):
    return not termios.tcgetattr(terminal)[3] & termios.ECHO


def main(words):
    split = words.index('--')
    answers, command = words[:split], words[split + 1:]
    process, terminal = pty.fork()
    if process == 0:
        os.execvp(command[0], command)
    said = b''
    while True:
        try:
            data = os.read(terminal, 4096)
        except OSError:  # EIO: the command has closed its terminal
            break
        if not data:
            break
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        said += data
        if said.endswith(b': ') and hides_input(terminal):
            if not answers:
                print('\non-terminal: expected no further prompt', file=sys.stderr)
                os.close(terminal)  # hangs the command up
                break
            os.write(terminal, answers.pop(0).encode() + b'\n')
            said = b''
    _, status = os.waitpid(process, 0)
    if answers:
        print(f'on-terminal: {len(answers)} answers were not asked for', file=sys.stderr)
        return 125
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


sys.exit(main(sys.argv[1:]))
