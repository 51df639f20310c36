"""Exercises of notebook 01: cross-entropy, the recurrent step, its backward, backpropagation through time, sampling."""

from lstmcourse.exercises.nb01.e1_cross_entropy import cross_entropy
from lstmcourse.exercises.nb01.e2_rnn_step import rnn_step
from lstmcourse.exercises.nb01.e3_rnn_backward import rnn_backward
from lstmcourse.exercises.nb01.e4_bptt import bptt
from lstmcourse.exercises.nb01.e5_sample import sample

__all__ = ["bptt", "cross_entropy", "rnn_backward", "rnn_step", "sample"]
